import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '@hotpath/test/places'
import { LoadProcess } from '../load/process.js'
import { table } from '../measure/line.js'
import { AppProcess } from '../recorder/app-process.js'
import { say } from '../results.js'
import { curves, type Curve } from './picture.js'

/** Of PBKDF2 with SHA-256: about 10 ms. */
const ITERATIONS = 20_000
const WAIT_MS = 50
/** More than are ever let in, so that the crowd stands at the app and not in the load. */
const CONNECTIONS = 400
/** A client waits for so long, and what comes later is of no use to it. */
const PATIENCE_MS = 500
/** Multiples of what the app can do. */
const LOADS = [0.2, 0.5, 0.8, 1, 1.5, 2, 3, 5]
const UNLOADED = 0.2
/** Shedding alone, which bounds how long the loop is held up: on the route that computes. */
const SHED_LOADS = [UNLOADED, 1, 5]
const SHED = { loopDelay: '200ms', memory: '512mb' }

const ARMS = {
  adaptive: { routes: { '*': { concurrency: 'adaptive' } } },
  shed: { shed: SHED, routes: { '*': { concurrency: { mode: 'off' } } } },
  none: { routes: { '*': { concurrency: { mode: 'off' } } } },
} as const
type Arm = keyof typeof ARMS
/** The beginning of each load is not counted: with a limit it is found in that time. */
const RAMP_MS = 1_500

export interface OverloadOptions {
  readonly quick: boolean
  readonly seed: number
}

export interface Overload {
  /** At five times what the app can do, of the most at any load; the lower of the two routes. */
  readonly goodput: number
  /** The 99th percentile of those who were served then, of that without load; the higher of the two. */
  readonly p99: number
  /** With shedding alone, at five times what the app can do: the 99th percentile of the event loop's delay. */
  readonly shedDelayMs: number
  /** The table and what is to be said of it, as Markdown. */
  readonly report: string
}

interface Point {
  readonly load: number
  /** Answers in time, a second. */
  readonly good: number
  readonly p99Ms: number
  /** Parts of all requests. */
  readonly refused: number
  readonly late: number
  /** The 99th percentile of the delay of the event loop. */
  readonly delayMs: number
  readonly rssMb: number
  /** Processor time of the app, and what it was spent on. */
  readonly cpuMs: number
  readonly served: number
  readonly sentAway: number
}

/**
 * What an app does at up to five times of what it can do, with and without adaptive concurrency, on a route
 * that computes and on one that waits for ten connections. Requests come at fixed times whatever the app does.
 */
export async function overload({ quick, seed }: OverloadOptions): Promise<Overload> {
  const ms = quick ? 4_000 : 10_000
  const rows: string[][] = []
  const pictures: Curve[] = []
  let [goodput, p99, shedDelayMs] = [Number.POSITIVE_INFINITY, 0, Number.NaN]
  let costs = ''
  for (const path of ['/cpu', '/pool']) {
    const capacity = await capacityOf(path)
    say(`overload ${path}: ${capacity.toFixed(0)}/s at saturation`)
    const arms: readonly Arm[] =
      path === '/cpu' ? ['adaptive', 'shed', 'none'] : ['adaptive', 'none']
    for (const arm of arms) {
      const points: Point[] = []
      for (const load of arm === 'shed' ? SHED_LOADS : LOADS) {
        points.push(await measure(path, arm, load, capacity, ms, seed))
        const at = points.at(-1) as Point
        say(`  ${arm} ${load}: ${at.good.toFixed(0)}/s, p99 ${at.p99Ms.toFixed(0)} ms`)
      }
      const most = Math.max(...points.map(({ good }) => good))
      const unloaded = points.find(({ load }) => load === UNLOADED) as Point
      const worst = points.at(-1) as Point
      if (arm === 'adaptive' && path === '/cpu') costs = costsOf(unloaded, worst)
      if (arm === 'adaptive') {
        goodput = Math.min(goodput, worst.good / most)
        p99 = Math.max(p99, worst.p99Ms / unloaded.p99Ms)
      }
      rows.push(...points.map(point => row(path, arm, point, most, unloaded)))
      if (arm === 'shed') shedDelayMs = worst.delayMs
      else
        pictures.push({
          path,
          arm,
          points: points.map(({ load, good }) => ({ load, good: good / capacity })),
        })
    }
  }
  const picture = 'docs/pictures/overload.svg'
  if (!quick) writeFileSync(join(root, picture), curves(pictures))
  const head = [
    'route',
    'concurrency',
    'load',
    'good/s',
    'of the most',
    'p99 of 200',
    'of unloaded',
    '503',
    'late',
    'loop p99',
    'memory',
  ]
  const bound = `A refusal costs processor time as well: with c for one and s for one answer, at five times the capacity at most (s - 5c) / (s - c) of it is left. ${costs} A route of 1 ms would have to refuse in 24 µs to keep nine tenths.`
  const shed = `With shedding alone (\`shed\`: loopDelay ${SHED.loopDelay}, memory ${SHED.memory}) the loop's delay is bounded, and memory; who is let in still waits behind those before.`
  const notes = `An answer is good within ${PATIENCE_MS} ms of when its request was meant to be sent. ${bound} ${shed}${quick ? '' : `\n\n![Good answers by load](../${picture})`}`
  return { goodput, p99, shedDelayMs, report: `${table(head, rows)}\n\n${notes}` }
}

const row = (
  path: string,
  arm: string,
  { load, good, p99Ms, refused, late, delayMs, rssMb }: Point,
  most: number,
  unloaded: Point,
): string[] => [
  path,
  arm,
  `${load}`,
  good.toFixed(0),
  (good / most).toFixed(2),
  `${p99Ms.toFixed(1)} ms`,
  (p99Ms / unloaded.p99Ms).toFixed(1),
  percent(refused),
  percent(late),
  `${delayMs.toFixed(0)} ms`,
  `${rssMb.toFixed(0)} MB`,
]

/** What an answer and a refusal cost, and what of the goodput can be left then. */
function costsOf(unloaded: Point, worst: Point): string {
  const s = unloaded.cpuMs / unloaded.served
  const c = Math.max(0, (worst.cpuMs - s * worst.served) / Math.max(1, worst.sentAway))
  const most = Math.min(1, Math.max(0, (s - 5 * c) / (s - c)))
  return `On /cpu s was ${s.toFixed(1)} ms and c ${c.toFixed(2)} ms: ${most.toFixed(2)} at most.`
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`

/** Answers a second with as many requests under way as keep it busy, and no more. */
async function capacityOf(path: string): Promise<number> {
  return withApp('none', async ({ port }) => {
    const load = new LoadProcess()
    try {
      const block = { kind: 'closed', port, path, connections: path === '/cpu' ? 3 : 12 } as const
      await load.run({ ...block, ms: 1_000 })
      const { requests, elapsedMs } = await load.run({ ...block, ms: 3_000 })
      return (requests * 1_000) / elapsedMs
    } finally {
      load.stop()
    }
  })
}

/** An app of its own for each load: nothing of one is left for the next. */
function measure(
  path: string,
  arm: Arm,
  load: number,
  capacity: number,
  ms: number,
  seed: number,
): Promise<Point> {
  return withApp(arm, async app => {
    const { port } = app
    const driver = new LoadProcess()
    try {
      const ratePerSecond = load * capacity
      const block = { kind: 'open', port, path, connections: CONNECTIONS, ratePerSecond } as const
      const of = { ...block, refusal: 503, patienceMs: PATIENCE_MS, settleMs: 500 }
      await driver.run({ ...of, ratePerSecond: capacity * 0.5, ms: 500, seed })
      const before = await app.use()
      const { latenciesMs, statuses } = await driver.run({
        ...of,
        ms: ms + RAMP_MS,
        seed: seed + 1,
      })
      const after = await app.use()
      const from = Math.floor((statuses.length * RAMP_MS) / (ms + RAMP_MS))
      const counted = latenciesMs
        .slice(from)
        .map((latencyMs, at) => ({ latencyMs, status: statuses[from + at] }))
      const served = counted
        .filter(({ status }) => status === 200)
        .map(({ latencyMs }) => latencyMs)
      const good = served.filter(latencyMs => latencyMs <= PATIENCE_MS).length
      const refused = counted.filter(({ status }) => status === 503).length
      const sorted = served.toSorted((a, b) => a - b)
      return {
        load,
        good: (good * 1_000) / ms,
        p99Ms: sorted[Math.floor(0.99 * sorted.length)] ?? Number.NaN,
        refused: refused / counted.length,
        late: (counted.length - good - refused) / counted.length,
        delayMs: after.delayMs ?? Number.NaN,
        rssMb: after.rssBytes / 2 ** 20,
        cpuMs: (after.cpuUs - before.cpuUs) / 1_000,
        served: statuses.filter(status => status === 200).length,
        sentAway: statuses.filter(status => status === 503).length,
      }
    } finally {
      driver.stop()
    }
  })
}

/** The recorder is attached in all arms; what differs is the config. */
async function withApp<T>(arm: Arm, work: (app: AppProcess) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-overload-'))
  const config = join(folder, 'hotpath.config.json')
  writeFileSync(config, JSON.stringify(ARMS[arm]))
  const app = await AppProcess.start({
    node: process.execPath,
    execArgv: ['--import', 'hotpath/register'],
    program: new URL('overload-app.cjs', import.meta.url),
    env: {
      HOTPATH_CONFIG: config,
      HOTPATH_ENDPOINT: 'http://127.0.0.1:9',
      BENCH_ITERATIONS: String(ITERATIONS),
      BENCH_WAIT_MS: String(WAIT_MS),
    },
  })
  try {
    return await work(app)
  } finally {
    await app.stop()
    rmSync(folder, { recursive: true })
  }
}
