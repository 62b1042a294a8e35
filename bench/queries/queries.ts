import { checkConfig } from 'hotpath/config'
import { type Figure, lastLine, table, withInterval } from '../measure/line.js'
import { record, say } from '../results.js'
import { type Estimate, meanOf, ratioOf } from '../statistics/interval.js'
import { seeded } from '../statistics/shuffle.js'
import type { Switch } from './app-process.js'
import { compare, compareSwitched } from './cost.js'
import { queriesDatabase, withPassword } from './database.js'
import { BATCHING, type Measured, measurePages } from './pages.js'

const ROUND_TRIPS_MS = [0, 1, 10]
const STATEMENTS_OF_PLAIN = 5
const POOL = { pool: { leakAfter: '5s', maxWaiting: 1000, lifetime: '30m' } }

/** `npm run bench queries`: loops of statements, as they are, by hand and batched; clients and pools. */
export async function queries(quick: boolean): Promise<void> {
  const seed = Date.now() % 2 ** 31
  const random = seeded(seed)
  const batching = checkConfig(BATCHING, 'bench').ok
  if (!batching) say('This Hotpath has no automatic batching yet: its figures are left out.')
  const postgres = await queriesDatabase()
  try {
    const rounds = quick ? 2 : 6
    const pages = new Map<number, Map<string, Measured>>()
    for (const ms of ROUND_TRIPS_MS)
      pages.set(ms, await measurePages(postgres.url, ms, { rounds, batching, random }))

    const lives = quick ? 2 : 6
    const once = { lives, rounds: quick ? 3 : 6, blockMs: quick ? 400 : 800, random }
    const with_ = (first: object | undefined, second: object) => ({ first, second })
    const share = await compare(
      withPassword(postgres.url),
      'connect',
      with_(undefined, { pool: { share: true } }),
      once,
    )
    const switched = { lives, rounds: quick ? 40 : 100, random }
    const turned = (page: string, what: Switch, config: object) =>
      compareSwitched(postgres.url, page, { what, config }, switched)
    const pool = await turned('borrow', 'pool', POOL)
    const plain = batching ? await turned('plain', 'statements', BATCHING) : undefined

    const at10 = pages.get(10) as Map<string, Measured>
    const figures: (Figure | undefined)[] = [
      figure('speedup_10ms', between(at10, 'loop, as it is', LEARNED), 0),
      figure('vs_hand', between(at10, LEARNED, 'by hand'), 2),
      wireOf(at10),
      figure('cold_vs_hand', between(at10, FIRST, 'by hand'), 2),
      figure('cold_vs_hand_cold', between(at10, FIRST, 'by hand, first request'), 2),
      figure('plain_cpu', plain && ratioOf(plain.cpu), 3),
      figure('plain_aa', plain && ratioOf(plain.same), 3),
      figure('plain_statement_us', plain && meanOf(plain.cpuUs.map(perStatement)), 1),
      figure('share_gain', ratioOf(share.rates), 1),
      figure('pool_cost', ratioOf(pool.cpu), 3),
      figure('pool_aa', ratioOf(pool.same), 3),
    ]
    const line = lastLine(
      'queries',
      figures.filter(one => one !== undefined),
    )
    const text = `${tableOf(pages)}\n\nMilliseconds of one page, median; in brackets the statements on the wire. 1,000 users; nested: 20 users, 100 orders.\n\n${line}`
    if (!quick) record('queries', `Node ${process.version}`, seed, text)
    process.stdout.write(`seed ${seed}\n\n${text}\n`)
  } finally {
    await postgres.stop()
  }
}

const LEARNED = 'loop, batched, learned'
const FIRST = 'loop, batched, first request'

const perStatement = (us: number): number => us / STATEMENTS_OF_PLAIN

function figure(name: string, estimate: Estimate | undefined, digits: number): Figure | undefined {
  return estimate === undefined ? undefined : { name, estimate, digits }
}

/** How many times as long the one took as the other, round by round. */
function between(
  pages: ReadonlyMap<string, Measured>,
  one: string,
  other: string,
): Estimate | undefined {
  const [above, below] = [pages.get(one), pages.get(other)]
  if (above === undefined || below === undefined) return undefined
  return ratioOf(above.ms.map((ms, round) => ms / (below.ms[round] ?? Number.NaN)))
}

function wireOf(pages: ReadonlyMap<string, Measured>): Figure | undefined {
  const learned = pages.get(LEARNED)
  return learned === undefined
    ? undefined
    : figure('wire_statements', { value: learned.statements, low: Number.NaN, high: Number.NaN }, 0)
}

function tableOf(pages: ReadonlyMap<number, ReadonlyMap<string, Measured>>): string {
  const names = [...(pages.get(0)?.keys() ?? [])]
  const cell = (name: string, ms: number): string => {
    const measured = pages.get(ms)?.get(name)
    if (measured === undefined) return ''
    const sorted = [...measured.ms].sort((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    const statements = measured.statements === 0 ? '' : ` [${measured.statements}]`
    return `${withInterval({ value: median, low: Number.NaN, high: Number.NaN }, 0)}${statements}`
  }
  return table(
    ['way', ...ROUND_TRIPS_MS.map(ms => `+${ms} ms`)],
    names.map(name => [name, ...ROUND_TRIPS_MS.map(ms => cell(name, ms))]),
  )
}
