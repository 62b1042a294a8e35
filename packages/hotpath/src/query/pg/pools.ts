import type { Asked, Boxed, Proceed } from '../seam.js'
import { Lead, type Waiter } from '../lead.js'
import { handOver } from '../invalidation/noted.js'
import type { Policy } from '../policy.js'
import type { Account, Scope } from '../scope.js'
import type { Attributes } from '../../trace/attributes.js'
import { type Answer, feed, type PgQuery } from './answer.js'
import { type Caching, HIT } from './caching.js'
import { bound, type Call } from './call.js'
import type { Client } from './client.js'
import type { Parts } from './parts.js'
import { SERVED, soon } from './serve.js'

/** What we need of pg-pool. */
export interface Pool {
  readonly _clients?: readonly Client[]
  readonly ending?: unknown
  readonly options?: { readonly query_timeout?: unknown }
  readonly Promise?: PromiseConstructor
}

type Done = (error: unknown, result?: unknown) => void

/** Answers `Pool.query` without a connection, or lets the call join one that is on its way. */
export class Pools {
  constructor(
    private readonly parts: Parts,
    private readonly policy: (scope: Scope) => Policy,
    private readonly caching: Caching | undefined,
  ) {}

  query(
    call: Call,
    pool: Pool,
    config: unknown,
    values: unknown,
    callback: unknown,
    proceed: Proceed,
  ): Boxed | undefined {
    const { scope, shape } = call
    if (scope === undefined || scope.off || pool.ending || !shape.effect.reads) return undefined
    const policy = this.policy(scope)
    const remembers = policy.batch === 'on' || policy.memo
    const caching = this.caching?.wants(shape) === true ? this.caching : undefined
    if (!remembers && caching === undefined) return undefined
    const account = scope.account(shape) as Account<Call> | undefined
    if (account === undefined) return undefined
    call.account = account
    if (remembers && scope.holds && !account.off) {
      const answer = this.answerFor(pool, call, scope)
      if (answer !== undefined)
        return this.answered(pool, { config, values, callback }, call, answer, SERVED)
    }
    const kept = caching && this.keptFor(caching, pool, config, call)
    if (kept !== undefined)
      return this.answered(pool, { config, values, callback }, call, kept, HIT)
    if (account.off) return undefined
    if (policy.batch !== 'on' || hasTimeout(pool, config)) return undefined
    const first = account.leadOf(pool, call.epoch)
    if (first !== undefined)
      return this.join(pool, { config, values, callback }, call, first, proceed)
    if (shape.reading?.reason === 'not a select') return undefined
    call.leading = true
    account.leads(call)
    return undefined
  }

  /** Nobody waits for this call any longer: it was sent, or it never will be. */
  release(call: Call): void {
    if (!call.leading) return
    call.leading = false
    call.account?.leadsNoMore(call)
    const { lead } = call
    call.lead = undefined
    lead?.settle()
  }

  private join(
    pool: Pool,
    asked: Asked,
    call: Call,
    first: Call,
    proceed: Proceed,
  ): Boxed | undefined {
    if (!call.shape.candidate || !takes(first, call)) return undefined
    const { result, done } = handle(pool, asked)
    first.lead ??= new Lead()
    first.lead.waiters ??= []
    const alone = () => {
      call.alone = true
      const own = proceed(pool, asked, call)
      if (isThenable(own)) void follow(own, done)
    }
    first.lead.waiters.push(this.waiter(asked, call, first.lead, done, alone))
    return { value: result }
  }

  private waiter(asked: Asked, call: Call, lead: Lead, done: Done, alone: () => void): Waiter {
    return {
      key: call.key,
      wires: call.wires ?? [],
      settle: bound(() => {
        try {
          const answer = lead.memo?.take(call.shape.keyOf(call.key), this.parts.host.now())
          if (answer !== undefined) return this.serve(asked, call, answer, done)
        } catch {
          this.parts.host.caught('query.join')
        }
        alone()
      }),
    }
  }

  private answered(pool: Pool, asked: Asked, call: Call, answer: Answer, how: Attributes): Boxed {
    const { result, done } = handle(pool, asked)
    this.serve(asked, call, answer, done, how)
    return { value: result }
  }

  /** From the cache across requests, where it can be told without a connection. */
  private keptFor(caching: Caching, pool: Pool, config: unknown, call: Call): Answer | undefined {
    const client = pool._clients?.[0]
    if (client === undefined || isOdd(config)) return undefined
    const session = this.parts.sessions.common(pool._clients)
    return session && caching.atHand(call, session, client)
  }

  private answerFor(pool: Pool, call: Call, scope: Scope): Answer | undefined {
    const session = this.parts.sessions.common(pool._clients)
    if (session === undefined) return undefined
    const now = this.parts.host.now()
    if (this.parts.sessions.catalog(session).of(call.shape.text, now)?.plain !== true)
      return undefined
    return scope.memo(session.idleLane).take(call.shape.keyOf(call.key), now)
  }

  /** Makes the query that the pool's client would have made, and answers it. */
  private serve(
    { config, values: given }: Asked,
    call: Call,
    answer: Answer,
    done: Done,
    how = SERVED,
  ): void {
    const { host } = this.parts
    const values = typeof given === 'function' ? undefined : given
    const span = host.begin(answer.client, config, values)
    if (how === SERVED) call.account?.served(call)
    handOver(call.computation, answer.noted)
    const query: PgQuery = new answer.Query(config, values, done)
    if (query._result !== undefined) query._result._types ??= (answer.client as Client)._types
    soon(() => {
      try {
        feed(query, answer, answer.client, this.parts.defects)
        span?.add(how)
        span?.succeed(answer.rows.length)
      } catch {
        host.caught('query.serve')
      }
      query.handleReadyForQuery(answer.client)
    })
  }
}

/** A lead takes in calls until it is sent, and then those whose key it asks for. */
function takes(first: Call, call: Call): boolean {
  if (first.sharesValues(call)) return false
  const { wires, lead } = first
  if (wires === undefined || call.wires === undefined) return false
  return lead?.sent === undefined || lead.sent.has(call.key)
}

/** What `Pool.query` returns, and how it is told: by the callback, or by a promise of the pool's kind. */
function handle(pool: Pool, { values, callback }: Asked): { result: unknown; done: Done } {
  const own = typeof values === 'function' ? values : callback
  if (typeof own === 'function') return { result: undefined, done: bound(own as Done) }
  let done: Done = () => {}
  const Kind = pool.Promise ?? Promise
  const result = new Kind((resolve, reject) => {
    done = (error, value) => (error ? reject(error as Error) : resolve(value))
  })
  return { result, done }
}

/** A portal, or bytes in place of texts. */
function isOdd(config: unknown): boolean {
  if (typeof config !== 'object' || config === null) return false
  return Boolean(Reflect.get(config, 'rows') || Reflect.get(config, 'binary'))
}

/** A call with a timeout of its own waits for nobody. */
function hasTimeout(pool: Pool, config: unknown): boolean {
  const own =
    typeof config === 'object' && config !== null ? Reflect.get(config, 'query_timeout') : 0
  return Boolean(own || pool.options?.query_timeout)
}

/** With a callback the pool returns nothing, and calls it itself. */
async function follow(result: PromiseLike<unknown>, done: Done): Promise<void> {
  let value: unknown
  try {
    value = await result
  } catch (error) {
    done(error)
    return
  }
  done(undefined, value)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof Reflect.get(Object(value) as object, 'then') === 'function'
}
