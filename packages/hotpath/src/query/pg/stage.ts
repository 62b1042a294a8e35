import type { PossibleWrite } from '../../config/statement-cache.js'
import type { PgStage, Proceed, Ticket } from '../seam.js'
import type { ActiveTrace, OpenSpan } from '../../trace/span.js'
import { currentComputation } from '../../cache/computation.js'
import { effectOf } from '../effect.js'
import type { Observing } from '../invalidation/observing.js'
import type { Policies, Policy } from '../policy.js'
import { Scope, type ScopeOwner } from '../scope.js'
import type { Session } from '../session.js'
import { bytesOfRow, type RawRow } from './answer.js'
import { Caching } from './caching.js'
import { Call } from './call.js'
import type { Client } from './client.js'
import { CALL, type Parts, type Watched } from './parts.js'
import { Pools } from './pools.js'
import { resultCache } from './result-cache.js'
import { Sender } from './sender.js'

/** Rows of one statement that are kept until it ends. */
const MAX_ROWS = 20_000
const NO_ROWS: readonly RawRow[] = []
const UNSEEN = 'what it reads could not be told'
/** What the app makes of an error is not what it makes of an answer. */
const STATEMENT_FAILED = 'a statement failed'

/**
 * Takes part in every statement of pg: notes what it reads and writes, answers from what was fetched
 * ahead, fetches ahead. Whatever is odd leads to the plain statement.
 */
export class PgBatching implements PgStage {
  private readonly sender: Sender
  private readonly pools: Pools
  private readonly caching: Caching | undefined
  private readonly observing: Observing | undefined
  /** Requests for which answers are at stake. */
  private readonly live = new Set<Scope>()
  private readonly owner: ScopeOwner
  /** The call whose `Client.query` runs now. */
  private running: Call | undefined

  constructor(
    private readonly parts: Parts,
    private readonly policies: Policies,
  ) {
    this.observing = parts.observing
    const { cache } = policies
    this.caching = cache && new Caching(parts, 'ask' in cache ? cache : resultCache(parts, cache))
    this.sender = new Sender(parts, scope => this.policy(scope), this.caching)
    this.pools = new Pools(parts, scope => this.policy(scope), this.caching)
    this.owner = {
      prepare: parts.prepare,
      atStake: scope => void this.live.add(scope),
      wasted: (scope, n) => parts.count(scope, 'wasted', '', n),
      ended: scope => void this.live.delete(scope),
      caught: parts.host.caught,
    }
  }

  poolQuery(
    pool: object,
    config: unknown,
    values: unknown,
    callback: unknown,
    caller: OpenSpan | undefined,
    proceed: Proceed,
  ): Ticket | undefined {
    try {
      const call = this.callOf(config, values, this.scope(caller?.trace))
      if (call === undefined) {
        if (this.observing !== undefined) this.forbidUnseen()
        return undefined
      }
      this.begin(call)
      call.pool = pool
      const boxed = this.pools.query(call, pool, config, values, callback, proceed)
      return boxed === undefined ? (call as Ticket) : { boxed }
    } catch {
      this.parts.host.caught('query.pool')
      return undefined
    }
  }

  connecting(client: object): void {
    try {
      this.observing?.connecting(client as Client)
    } catch {
      this.parts.host.caught('query.connect')
    }
  }

  poolDone(ticket: unknown): void {
    try {
      if (!(ticket as Call).handed) this.pools.release(ticket as Call)
    } catch {
      this.parts.host.caught('query.pool')
    }
  }

  /** A statement that came before this stage was there. */
  missed(client: object, config: unknown, values: unknown): void {
    const text = textOf(config)
    if (text !== undefined)
      this.parts.sessions.of(client as Client).sees(effectOf(text), text, values)
  }

  /** The request of this trace calls out, or was answered: others may have written. */
  calledOut(trace: ActiveTrace): void {
    ;(trace.statements as Scope | undefined)?.flush()
  }

  entering(
    client: object,
    config: unknown,
    values: unknown,
    caller: OpenSpan | undefined,
    ticket: unknown,
  ): unknown {
    try {
      const call =
        (ticket as Call | undefined) ?? this.callOf(config, values, this.scope(caller?.trace))
      if (call === undefined) {
        this.other(client as Client, config, this.scope(caller?.trace))
        return undefined
      }
      call.handed = true
      call.client = client as Client
      call.session = this.parts.sessions.of(client as Client)
      call.session.sees(call.shape.effect, textOf(config) ?? '', values)
      this.judge(call.session)
      this.begin(call)
      this.running = call
      return call
    } catch {
      this.parts.host.caught('query.enter')
      ;(ticket as Call | undefined)?.computation?.forbid(UNSEEN)
      this.unseen(client)
      return undefined
    }
  }

  unseen(client: object): void {
    try {
      currentComputation()?.forbid(UNSEEN)
      this.observing?.doubt(client as Client, this.parts.sessions.of(client as Client))
    } catch {
      this.parts.host.caught('query.doubt')
    }
  }

  entered(call: unknown, query: object | undefined): void {
    this.running = undefined
    if (call === undefined) return
    const own = call as Call
    if (query === undefined) {
      // Refused: its connection is closed.
      own.computation?.forbid(STATEMENT_FAILED)
      this.pools.release(own)
    } else (query as Watched)[CALL] ??= own
  }

  submit(query: object, connection: object): boolean {
    try {
      const { observing } = this
      if (observing?.isCleared(query) === true) return false
      const watched = query as Watched
      const call = (watched[CALL] ??= this.running as Call)
      if (call === undefined || call.client?.connection !== connection)
        return observing?.holds(query, this.parts.sessions.clientOf(connection), undefined) === true
      const { scope, shape, session } = call
      if (session !== undefined) this.judge(session)
      const wanted = this.caching?.notes(shape) === true
      if (observing?.before(watched, call, wanted) === true) return true
      if (scope === undefined || scope.ended) {
        observing?.sends(call)
        return observing?.holds(query, call.client, shape.text) === true
      }
      if (this.sender.send(watched, call, scope)) return true
      observing?.sends(call)
      // Alone, then: nobody waits for it any longer, and its rows are remembered.
      this.pools.release(call)
      call.epoch = scope.epoch
      // Also where the route asks for nothing: its name may not be known yet.
      call.keeps = shape.effect.reads && !scope.off
      if (scope.atStake || call.watched !== undefined || shape.timesNext)
        call.sentMs = this.parts.host.now()
      return observing?.holds(query, call.client, shape.text) === true
    } catch {
      this.parts.host.caught('query.submit')
      return this.doubts(query, connection)
    }
  }

  /** It goes out, and what it does was not seen: that may be anything. */
  private doubts(query: object, connection: object): boolean {
    const { observing, parts } = this
    try {
      const call = (query as Watched)[CALL]
      call?.computation?.forbid(UNSEEN)
      const client = parts.sessions.clientOf(connection)
      if (client === undefined) return false
      observing?.doubt(client, parts.sessions.of(client))
      return observing?.holds(query, client, undefined) === true
    } catch {
      parts.host.caught('query.doubt')
      return false
    }
  }

  row(query: object, fields: readonly unknown[]): void {
    const call = (query as Watched)[CALL]
    if (call === undefined || !call.keeps) return
    if (call.rows === undefined) call.rows = [fields as RawRow]
    else if (call.rows.length < MAX_ROWS) call.rows.push(fields as RawRow)
  }

  ended(query: object, failed: boolean): void {
    try {
      const call = (query as Watched)[CALL]
      if (call === undefined) return
      if (failed) {
        call.computation?.forbid(STATEMENT_FAILED)
        this.observing?.failed(call)
      }
      this.pools.release(call)
      const { scope, shape } = call
      if (call.keeps && scope !== undefined && !failed && !call.served) {
        const { sentMs, watched } = call
        const tookMs = sentMs === undefined ? 0 : this.parts.host.now() - sentMs
        if (sentMs !== undefined) shape.took(tookMs)
        if (watched !== undefined) {
          const fields = (query as Watched)._result?.fields ?? []
          const { rows = NO_ROWS } = call
          this.sender.shadow.answered(call, scope, tookMs, fields as never, rows, watched)
        }
        this.caching?.answered(call, query as Watched)
        this.keep(call, scope, query as Watched)
      }
      // The account of its statement may keep the call itself until the request is over.
      call.keeps = false
      call.rows = undefined
      call.watched = undefined
      call.expected = undefined
      if (shape.effect.ddl) this.parts.sessions.forget()
      if (!this.isPlain(call)) this.flush(scope)
      this.wrote(call, 'ended')
    } catch {
      this.parts.host.caught('query.end')
    }
  }

  /** What a function of the app has set is as good as a SET, once it is known that it may. */
  private judge(session: Session): void {
    if (!session.unjudged) return
    this.observing?.judge(session)
    if (session.unjudged) this.parts.sessions.judge(session, this.parts.host.now())
  }

  /** What does not read makes answers doubtful, at its start and at its end. */
  private begin(call: Call): void {
    const { shape, scope } = call
    if (shape.effect.ddl) this.parts.sessions.forget()
    if (!shape.effect.reads) this.flush(scope)
    this.wrote(call, 'begins')
  }

  /** Tells the cache of what is not known to be a plain read. */
  private wrote({ shape, session, served }: Call, phase: PossibleWrite['phase']): void {
    if (this.caching?.hearsOfWrites !== true || served) return
    const { host, sessions } = this.parts
    const { reads } = shape.effect
    // What it does is known by connection: it is told when it has one.
    if (reads && session === undefined) return
    const known = session && sessions.catalog(session).of(shape.text, host.now())
    if (reads && known?.plain === true) return
    const certain = !reads || known !== undefined
    const { database, id } = session ?? {}
    this.caching.wrote({ phase, text: shape.text, certain, database, session: id })
  }

  /** A select may do anything as well, until it is known that it does not. Where it matters. */
  private isPlain({ shape, session, scope }: Call): boolean {
    if (!shape.effect.reads) return false
    if (scope === undefined || !scope.atStake) return true
    if (session === undefined) return false
    const { host, sessions } = this.parts
    return sessions.catalog(session).of(shape.text, host.now())?.plain === true
  }

  private flush(scope: Scope | undefined): void {
    if (this.parts.defects.noFlush === true) return
    if (scope !== undefined) scope.flush()
    // Of no request that we know: it may belong to any.
    else for (const each of this.live) each.flush()
  }

  /** A cursor, a stream, a COPY, a statement by its name alone. */
  private other(client: Client, config: unknown, scope: Scope | undefined): void {
    const text = textOf(config)
    const session = this.parts.sessions.of(client)
    if (text !== undefined) session.sees(effectOf(text), text, undefined)
    this.flush(scope)
    if (scope !== undefined) scope.off = true
    if (this.observing !== undefined) {
      this.forbidUnseen()
      this.observing.other(
        client,
        session,
        text === undefined ? undefined : this.bare(text, client),
      )
      if (isSubmittable(config)) this.observing.guard(config as object, client)
    }
    const { database, id } = session
    if (this.caching?.hearsOfWrites === true)
      this.caching.wrote({ phase: 'begins', text, certain: false, database, session: id })
  }

  private callOf(config: unknown, values: unknown, scope: Scope | undefined): Call | undefined {
    const text = textOf(config)
    if (text === undefined || isSubmittable(config)) return undefined
    const { shape, lifted } = this.parts.shapes.of(text)
    const given = Array.isArray(values) ? values : valuesOf(config)
    const call = new Call(scope, shape, lifted, given, this.parts.prepare)
    if (this.observing !== undefined) call.computation = currentComputation()
    return call
  }

  /** What a computation reads by a cursor or a stream is not seen. */
  private forbidUnseen(): void {
    currentComputation()?.forbid('reads by a cursor, a stream or a name alone')
  }

  /** The text alone of what is none of pg's own queries. */
  private bare(text: string, client: Client): Call {
    const { shape, lifted } = this.parts.shapes.of(text)
    const call = new Call(undefined, shape, lifted, undefined, this.parts.prepare)
    call.client = client
    call.session = this.parts.sessions.of(client)
    return call
  }

  private keep(call: Call, scope: Scope, query: Watched): void {
    const { _result: result } = query
    const { rows = NO_ROWS } = call
    if (result?.command !== 'SELECT' || !Array.isArray(result.fields)) return
    if (query.binary || rows.length >= MAX_ROWS) return
    scope.remembered.add(call.shape, result.fields as never, rows)
    if (!scope.atStake || !this.policy(scope).memo || call.wires === undefined) return
    this.sender.remember(call, scope, {
      fields: result.fields as never,
      rows,
      bytes: rows.reduce((sum, row) => sum + bytesOfRow(row), 200),
      noted: call.noted,
      client: call.client as object,
      Query: query.constructor as never,
    })
  }

  private policy(scope: Scope): Policy {
    return this.policies.byRoute ? this.policies.of(scope.route()) : this.policies.general
  }

  /** What belongs to the request that runs now. */
  private scope(trace: ActiveTrace | undefined): Scope | undefined {
    if (trace === undefined || trace.ended || trace.root?.kind !== 'server') return undefined
    // A field of the trace: a WeakMap of short-lived keys costs the collector 2 us a request.
    if (trace.statements !== undefined) return trace.statements as Scope
    const scope = new Scope(trace, this.policies.maxAgeMs, this.owner)
    trace.statements = scope
    return scope
  }
}

function textOf(config: unknown): string | undefined {
  if (typeof config === 'string') return config
  if (typeof config !== 'object' || config === null) return undefined
  const { text, cursor } = config as { text?: unknown; cursor?: { text?: unknown } }
  const own = text ?? cursor?.text
  return typeof own === 'string' ? own : undefined
}

function valuesOf(config: unknown): readonly unknown[] | undefined {
  const values: unknown = (config as { values?: unknown } | null)?.values
  return Array.isArray(values) ? values : undefined
}

function isSubmittable(config: unknown): boolean {
  return (
    typeof config === 'object' &&
    config !== null &&
    typeof Reflect.get(config, 'submit') === 'function'
  )
}
