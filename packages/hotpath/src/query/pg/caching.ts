import type {
  CacheableRead,
  CachedAnswer,
  PossibleWrite,
  StatementCache,
} from '../../config/statement-cache.js'
import type { Attributes } from '../../trace/attributes.js'
import type { Described } from '../catalog.js'
import type { Answer } from './answer.js'
import type { Call } from './call.js'
import { activeOf, resend } from './client.js'
import type { Parts, Watched } from './parts.js'
import type { Turn } from './sender.js'
import { serveClient } from './serve.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout, clearTimeout } = globalThis

/** An answer from elsewhere that takes longer is not waited for: the database would have answered. */
const LIMIT_MS = 50
/** After one that took longer, or failed, nobody is asked for so long: a loop would wait each time. */
const REST_MS = 1_000

/** It never reached the database, as one that a batch had fetched. */
const HIT: Attributes = { 'hotpath.batch': 'served', 'hotpath.cache': 'hit' }

/** The way to the cache of the config, whatever that may do. */
export class Caching {
  private restUntilMs = 0

  constructor(
    private readonly parts: Parts,
    private readonly cache: StatementCache,
  ) {}

  /** True: the query is answered from the cache, or will be when that has answered. */
  ask(turn: Turn, described: Described): boolean {
    const { call, session } = turn
    const { host } = this.parts
    if (call.asked !== undefined || session.status !== 'I' || host.now() < this.restUntilMs) {
      return false
    }
    const read = readOf(turn)
    call.asked = read
    const given = this.contained(() => this.cache.ask(read))
    if (!isPromise(given)) return this.serve(turn, described, given)
    this.wait(turn, described, given)
    return true
  }

  /** The database has answered what the cache had not. */
  answered({ asked, rows = [], served }: Call, query: Watched): void {
    const { command, fields, rowCount } = query._result ?? {}
    if (asked === undefined || served || command !== 'SELECT' || !Array.isArray(fields)) return
    // Of very many rows not all were kept.
    if (rows.length !== rowCount) return
    const columns = (fields as Answer['fields']).map(columnOf)
    this.contained(() => this.cache.tell(asked, { columns, rows }))
  }

  wrote(write: PossibleWrite): void {
    this.contained(() => this.cache.wrote(write))
  }

  private wait(turn: Turn, described: Described, given: Promise<CachedAnswer | undefined>): void {
    const { query, client } = turn
    let settled = false
    const settle = (answer: CachedAnswer | undefined, slow: boolean) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      if (slow) this.rest()
      // Its connection was lost, or its timeout passed, meanwhile.
      if (activeOf(client) !== query) return
      if (!this.serve(turn, described, answer)) resend(client, query)
    }
    const timer = setTimeout(() => settle(undefined, true), LIMIT_MS)
    given.then(
      answer => settle(answer, false),
      () => settle(undefined, true),
    )
  }

  private serve(turn: Turn, described: Described, given: CachedAnswer | undefined): boolean {
    const answer = this.contained(() => answerOf(turn, described, given))
    if (answer === undefined) return false
    const { query, client, session, call, parts } = turn
    call.served = true
    serveClient(query, answer, client, session.status, parts, HIT)
    return true
  }

  private contained<T>(run: () => T): T | undefined {
    try {
      return run()
    } catch {
      this.rest()
      return undefined
    }
  }

  private rest(): void {
    this.parts.host.caught('query.cache')
    this.restUntilMs = this.parts.host.now() + REST_MS
  }
}

function readOf({ call, shape, session }: Turn): CacheableRead {
  return {
    key: JSON.stringify([session.key, shape.text, call.key]),
    text: shape.text,
    parameters: call.wires ?? [],
    relations: shape.readNow().relations,
    database: session.database,
  }
}

/** In the columns as the database describes them now; undefined when the answer has others. */
function answerOf(
  { client, query }: Turn,
  { fields }: Described,
  given: CachedAnswer | undefined,
): Answer | undefined {
  if (given === undefined || given.columns.length !== fields.length) return undefined
  const fits = fields.every((field, i) => {
    const { name, type } = columnOf(field)
    return given.columns[i]?.name === name && given.columns[i]?.type === type
  })
  if (!fits) return undefined
  return { fields, rows: given.rows, bytes: 0, client, Query: query.constructor as never }
}

const columnOf = ({ name, dataTypeID }: Answer['fields'][number]) => ({ name, type: dataTypeID })

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
