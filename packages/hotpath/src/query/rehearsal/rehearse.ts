import type { Config } from '../../config.js'
import type { Parse } from '../../sql/syntax.js'
import type { RouteStats } from '../../trace/routes.js'
import type { ActiveTrace, OpenSpan } from '../../trace/span.js'
import { CATALOG_TEXT } from '../catalog.js'
import type { Host } from '../host.js'
import { NO_JIT } from '../pg/batch.js'
import { Parts } from '../pg/parts.js'
import { Sessions } from '../pg/sessions.js'
import { PgBatching } from '../pg/stage.js'
import { Policies } from '../policy.js'
import { Shapes } from '../shape.js'
import { Column, type Database, MadeUpPool } from './driver.js'

/**
 * Rows of the made-up list, and how often the page is asked for. Processor time of the main thread for
 * the first pages, on a busy machine: 38, 18, 10, 10, then about 9 ms for the next ten.
 */
const ROWS = 200
const PAGES = 4

const LIST = 'select id from hotpath_list'
const ONE = 'select a, b from hotpath_one where id = $1'
const INTEGER = 23
const CONFIG: Config = { queries: { batch: 'on' } }

/**
 * Runs loops of statements over a driver and a database that are made up, in a stage of their own, so
 * that the code of batching is compiled before a request needs it: a first request took half of its
 * processor time for that. Of what the app has nothing is touched or counted. It yields to whatever
 * else there is to do at each round trip that it makes up, and does not keep the process alive.
 *
 * @param nowMs Its clock stands: on a busy machine batches would be judged slow.
 * @returns Calls that were answered without being sent.
 */
export async function rehearse(parse: Parse, nowMs: number): Promise<number> {
  let served = 0
  let page = 0
  for await (const { calls, texts } of rehearsed(parse, () => nowMs)) {
    served += calls - texts.length
    if (++page === PAGES) break
  }
  return served
}

/** One page after another, as often as it is asked for: its calls, and what was sent and run for them. */
export async function* rehearsed(
  parse: Parse,
  now: () => number,
): AsyncGenerator<{ readonly calls: number; readonly texts: readonly string[] }> {
  const shapes = new Shapes(parse)
  const parts = new Parts(hostOf(now), parse, shapes, new Sessions(), () => value => value, {})
  let texts: string[] = []
  const pool = new MadeUpPool(new PgBatching(parts, new Policies(CONFIG, {})), (text, values) => {
    if (values !== undefined && text !== NO_JIT.text) texts.push(text)
    return answer(text, values)
  })
  const route = { method: 'GET', template: 'rehearsal' } as RouteStats
  for (;;) {
    texts = []
    const trace = traceOf(route)
    const caller = { trace } as OpenSpan
    try {
      const { rows } = await pool.query(LIST, [], caller)
      for (const [id] of rows) await pool.query(ONE, [id], caller)
      await pool.idle()
      yield { calls: 1 + rows.length, texts }
    } finally {
      trace.statements?.end()
    }
  }
}

const LIST_ROWS = Array.from({ length: ROWS }, (_, i) => [String(i + 1)])
const PAIR = [new Column('a', 2, 1, INTEGER), new Column('b', 2, 2, INTEGER)]

const answer: Database = (text, values) => {
  if (text === LIST) return { oids: [], fields: [new Column('id', 1, 1, INTEGER)], rows: LIST_ROWS }
  if (text === CATALOG_TEXT)
    return { oids: [], fields: [], rows: [['isolation', 'read committed', '', '', '']] }
  if (text === ONE) return { oids: [INTEGER], fields: PAIR, rows: [['1', '2']] }
  if (text === NO_JIT.text) return { oids: [], fields: [], rows: [['off']] }
  const keys = String(values?.[0]).match(/\d+/g) ?? []
  const rows = keys.map((key, i) => [String(i + 1), key, '2'])
  return { oids: [], fields: [new Column('ord', 0, 0, 20), ...PAIR], rows }
}

/** As much of a request as a stage asks for. */
function traceOf(route: RouteStats): ActiveTrace {
  const root = { kind: 'server', stats: () => route }
  return { root, ended: false, statements: undefined } as unknown as ActiveTrace
}

/** Counts nothing and says nothing. */
function hostOf(now: () => number): Host {
  const nothing = (): void => {}
  return {
    request: () => undefined,
    untraced: fn => fn(),
    begin: () => undefined,
    driver: Promise.resolve(),
    mark: nothing,
    caught: nothing,
    count: nothing,
    tally: nothing,
    beforeCounts: nothing,
    say: nothing,
    now,
  }
}
