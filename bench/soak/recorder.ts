import { nodeOf } from '@hotpath/test/node'
import { LoadProcess } from '../load/process.js'
import { table } from '../measure/line.js'
import { AppProcess, type State } from '../recorder/app-process.js'
import { register } from '../recorder/apps.js'
import { benchDatabase } from '../recorder/database.js'
import { say } from '../results.js'
import { type CountingSink, startCountingSink } from './counting-sink.js'

/** Part of what the app can do that is asked of it. */
const load = 0.6
const connections = 40
const windowMs = 15_000
/** Code is compiled and caches fill first: what they take is no growth. */
const warmWindows = 2
/** Between the medians of the first and of the last third; a collection leaves now more and now less. */
const mostHeapMb = 3

interface Sample extends State {
  readonly requests: number
}

/**
 * An API of 20 statements a request at 60 % of its capacity, with the recorder attached: whether its heap
 * after a collection stays flat, no listener or handle is left over, no request goes uncounted and nothing is
 * dropped. True: all of that holds.
 */
export async function soakRecorder(minutes: number): Promise<boolean> {
  const [database, sink, driver] = [
    await benchDatabase(),
    await startCountingSink(),
    new LoadProcess(),
  ]
  const app = await AppProcess.start({
    node: nodeOf(24),
    execArgv: ['--expose-gc', '--import', register],
    env: { DATABASE_URL: database.url, HOTPATH_ENDPOINT: sink.url },
  })
  try {
    const at = { port: app.port, path: '/orders/1' }
    const closed = { kind: 'closed', ...at, connections } as const
    const warm = await driver.run({ ...closed, ms: 5_000 })
    const full = await driver.run({ ...closed, ms: 5_000 })
    const ratePerSecond = (load * full.requests * 1_000) / full.elapsedMs
    say(`${Math.round(ratePerSecond)} requests a second, for ${minutes} minutes`)
    let sent = warm.requests + full.requests
    const samples: Sample[] = []
    const windows = Math.max(3, Math.round((minutes * 60_000) / windowMs)) + warmWindows
    for (let seed = 1; seed <= windows; seed++) {
      const block = { kind: 'open', ...at, connections, ms: windowMs, ratePerSecond, seed } as const
      const { statuses } = await driver.run(block)
      sent += statuses.length
      const state = await app.state()
      if (seed > warmWindows) samples.push({ ...state, requests: sent })
      say(
        `${seed} of ${windows}: heap ${mb(state.heapBytes)} MB, resident ${mb(state.rssBytes)} MB`,
      )
    }
    await untilCounted(sink, sent)
    return tell(minutes, samples, sent, sink)
  } finally {
    await app.stop()
    driver.stop()
    await Promise.all([database.stop(), sink.close()])
  }
}

function tell(
  minutes: number,
  samples: readonly Sample[],
  sent: number,
  sink: CountingSink,
): boolean {
  const third = Math.max(1, Math.floor(samples.length / 3))
  const [first, last] = [samples.slice(0, third), samples.slice(-third)]
  const of = (key: keyof State) => [medianOf(first, key), medianOf(last, key)] as const
  const growth = (key: keyof State): number => of(key)[1] - of(key)[0]
  const dropped = [...sink.dropped().values()].reduce((sum, n) => sum + n, 0)
  const uncounted = sent - sink.requests()
  const [heapMb, rssMb] = [growth('heapBytes') / 1e6, growth('rssBytes') / 1e6]
  const [listeners, resources] = [growth('listeners'), growth('resources')]
  const rows = [
    ['heap after a collection, MB', ...of('heapBytes').map(mb), heapMb < mostHeapMb],
    // V8 takes room for young objects in steps of tens of megabytes, when they come faster: no leak.
    ['resident, MB', ...of('rssBytes').map(mb), undefined],
    ['listeners of the process', ...of('listeners').map(String), listeners <= 0],
    ['handles', ...of('resources').map(String), resources <= 0],
    ['requests sent, counted', String(sent), String(sink.requests()), uncounted === 0],
    ['dropped', '', String(dropped), dropped === 0],
  ] as const
  const shown = rows.map(([...cells]) =>
    cells.map(cell => (cell === true ? 'yes' : cell === false ? 'NO' : String(cell ?? ''))),
  )
  process.stdout.write(`${table(['', 'first third', 'last third', 'holds'], shown)}\n`)
  for (const [what, n] of sink.dropped()) process.stdout.write(`dropped: ${what} ${n}\n`)
  process.stdout.write(
    `soak: minutes=${minutes} requests=${sent} uncounted=${uncounted} dropped=${dropped} heap_mb=${heapMb.toFixed(1)} rss_mb=${rssMb.toFixed(1)} listeners=${listeners} handles=${resources}\n`,
  )
  return rows.every(([, , , holds]) => holds !== false)
}

/** Counts leave every ten seconds at the latest. */
async function untilCounted(sink: CountingSink, sent: number): Promise<void> {
  for (let tries = 0; tries < 60 && sink.requests() < sent; tries++)
    await new Promise(resolve => setTimeout(resolve, 500))
}

function medianOf(samples: readonly Sample[], key: keyof State): number {
  const values = samples.map(sample => sample[key]).sort((a, b) => a - b)
  return values[Math.floor(values.length / 2)] ?? 0
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1)
