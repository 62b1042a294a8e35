import type {
  CacheableRead,
  CachedAnswer,
  PossibleWrite,
  StatementCache,
} from '../../config/statement-cache.js'
import type { Attributes } from '../../trace/attributes.js'
import { handOver, type Noted } from '../invalidation/noted.js'
import type { Observing } from '../invalidation/observing.js'
import type { Catalog, Described } from '../catalog.js'
import { fits, isOf, type NotedAnswer, type NotedRead, ResultCache } from '../results.js'
import type { Session } from '../session.js'
import type { Shape } from '../shape.js'
import type { Answer } from './answer.js'
import type { Call } from './call.js'
import { activeOf, type Client, resend } from './client.js'
import type { Parts, Watched } from './parts.js'
import type { Turn } from './sender.js'
import { serveClient } from './serve.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout, clearTimeout } = globalThis

/** An answer from elsewhere that takes longer is not waited for: the database would have answered. */
const LIMIT_MS = 50
/** Ours sees to it itself. */
const OWN_LIMIT_MS = 2_000
/** After one that took longer, or failed, nobody is asked for so long: a loop would wait each time. */
const REST_MS = 1_000

/** It never reached the database, as one that a batch had fetched. */
export const HIT: Attributes = { 'hotpath.batch': 'served', 'hotpath.cache': 'hit' }

/** The way to the cache of the config, whatever that may do. */
export class Caching {
  private restUntilMs = 0
  /** That of the config's tables; undefined: it is the app's own. */
  private readonly results: ResultCache | undefined

  constructor(
    private readonly parts: Parts,
    private readonly cache: StatementCache,
  ) {
    this.results = cache instanceof ResultCache ? cache : undefined
  }

  /** Whether it is to be told of writes: what is kept of tables hears of them by its tags. */
  get hearsOfWrites(): boolean {
    return this.results === undefined
  }

  /** Whether answers to this statement may be there: the cache of the config's own is asked for all. */
  wants(shape: Shape): boolean {
    const { results } = this
    if (results === undefined) return true
    results.names.count()
    if (shape.cached !== undefined) return shape.cached
    const reading = shape.effect.reads ? shape.read() : undefined
    if (reading === undefined) return false
    const { relations, defined } = reading
    shape.cached = results.covers(relations.filter(name => !defined.includes(name)))
    return shape.cached
  }

  /** Whether what it reads must be known, for its answer to be kept. */
  notes(shape: Shape): boolean {
    return this.results !== undefined && this.wants(shape)
  }

  /**
   * What is kept and good, for a call of a pool that has borrowed no connection; undefined: a connection
   * will tell.
   *
   * @param session What all connections of the pool have in common.
   * @param client One of them.
   */
  atHand(call: Call, session: Session, client: Client): Answer | undefined {
    const { results, parts } = this
    const now = parts.host.now()
    if (results === undefined || call.wires === undefined || now < this.restUntilMs)
      return undefined
    const { Query } = client.constructor as { readonly Query?: Answer['Query'] }
    const catalog = parts.sessions.catalog(session)
    const described = catalog.of(call.shape.text, now)
    if (Query === undefined || described?.plain !== true) return undefined
    try {
      const given = results.atHand(keptKey(catalog, call), described)
      return given && answerOf(described, given, client, Query)
    } catch {
      this.rest()
      return undefined
    }
  }

  /** True: the query is answered from the cache, or will be when that has answered. */
  ask(turn: Turn, described: Described): boolean {
    const { call, session } = turn
    const { host } = this.parts
    if (
      call.asked !== undefined ||
      session.status !== 'I' ||
      !session.settled ||
      host.now() < this.restUntilMs
    ) {
      return false
    }
    const read = this.results === undefined ? readOf(turn) : notedRead(turn, described)
    if (read === undefined) return false
    call.asked = read
    const given = this.contained(() => this.cache.ask(read as CacheableRead))
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
    const own = fields as Answer['fields']
    const known = (asked as NotedRead).described?.columns
    const columns = known !== undefined && isOf(own, known) ? known : own.map(columnOf)
    this.contained(() => this.cache.tell(asked as CacheableRead, { columns, rows }))
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
    const limitMs = this.results === undefined ? LIMIT_MS : OWN_LIMIT_MS
    const timer = setTimeout(() => settle(undefined, true), limitMs)
    given.then(
      answer => settle(answer, false),
      () => settle(undefined, true),
    )
  }

  private serve(turn: Turn, described: Described, given: CachedAnswer | undefined): boolean {
    if (given === undefined) return false
    const { query, client, session, call, parts } = turn
    const Query = query.constructor as Answer['Query']
    const answer = this.contained(() =>
      fits(described, given) ? answerOf(described, given, client, Query) : undefined,
    )
    if (answer === undefined) return false
    call.served = true
    if (parts.observing !== undefined && parts.defects.hitHandsNothing !== true)
      handOver(call.computation, answer.noted)
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

/** What a cache of the config's own is asked: it may be shared with other processes. */
function readOf({ call, shape, session }: Turn): CacheableRead {
  return {
    key: JSON.stringify([session.key, shape.text, call.key]),
    text: shape.text,
    parameters: call.wires ?? [],
    relations: shape.readNow().relations,
    database: session.database,
  }
}

/** What it reads is noted before it is asked for; undefined: it must not be kept. */
function notedRead({ call, catalog, parts }: Turn, described: Described): OwnRead | undefined {
  const { observing } = parts
  const noted = observing?.noted(call)
  if (observing === undefined || noted?.objection !== '') return undefined
  return new OwnRead(keptKey(catalog, call), described, noted, call, observing)
}

class OwnRead implements NotedRead {
  expected: NotedRead['expected'] = undefined

  constructor(
    readonly key: string,
    readonly described: Described,
    public noted: Noted | undefined,
    private readonly call: Call,
    private readonly observing: Observing,
  ) {}

  note(): Noted {
    return this.observing.noted(this.call)
  }
}

/** Of this process alone: made for each read, and so short that it is no text of two parts. */
const keptKey = ({ id }: Catalog, call: Call) => `${id} ${call.shape.keyOf(call.key)}`

/** In the columns as the database describes them now. */
function answerOf(
  { fields }: Described,
  { rows, noted }: NotedAnswer,
  client: object,
  Query: Answer['Query'],
): Answer {
  return { fields, rows, bytes: 0, noted, client, Query }
}

const columnOf = ({ name, dataTypeID }: Answer['fields'][number]) => ({ name, type: dataTypeID })

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
