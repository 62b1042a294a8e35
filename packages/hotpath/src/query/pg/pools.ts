import type { Boxed } from '../seam.js'
import { Lead, type Waiter } from '../lead.js'
import type { Policy } from '../policy.js'
import type { Scope } from '../scope.js'
import { type Answer, feed, type PgQuery } from './answer.js'
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
  private readonly ids = new WeakMap<Pool, number>()
  private lastId = 0

  constructor(
    private readonly parts: Parts,
    private readonly policy: (scope: Scope) => Policy,
  ) {}

  /** @param proceed Runs the pool's own `query` for this call. */
  query(
    pool: Pool,
    args: readonly unknown[],
    call: Call,
    proceed: (call: Call) => unknown,
  ): Boxed | undefined {
    const { scope, shape, wires } = call
    if (scope === undefined || wires === undefined || scope.off || pool.ending) return undefined
    const policy = this.policy(scope)
    if ((policy.batch !== 'on' && !policy.memo) || scope.account(shape)?.off === true)
      return undefined
    const answer = this.answerFor(pool, call, scope)
    if (answer !== undefined) {
      const { result, done } = handle(pool, args)
      this.serve(args, call, answer, done)
      return { value: result }
    }
    if (policy.batch !== 'on' || timeoutOf(pool, args)) return undefined
    return this.join(pool, args, call, scope, proceed)
  }

  /** Nobody waits for this call any longer: it was sent, or it never will be. */
  release(call: Call): void {
    const { lead, scope } = call
    if (lead === undefined) return
    call.lead = undefined
    if (scope?.leads.get(lead.id) === lead) scope.leads.delete(lead.id)
    lead.settle()
  }

  private join(
    pool: Pool,
    args: readonly unknown[],
    call: Call,
    scope: Scope,
    proceed: (call: Call) => unknown,
  ): Boxed | undefined {
    const id = `${this.idOf(pool)} ${call.shape.id}`
    const lead = scope.leads.get(id)
    if (lead !== undefined && call.shape.candidate && takes(lead, call)) {
      const { result, done } = handle(pool, args)
      lead.waiters ??= []
      lead.waiters.push(this.waiter(args, call, lead, done, proceed))
      return { value: result }
    }
    if (lead === undefined && call.shape.reading?.reason !== 'not a select') {
      call.lead = new Lead(id)
      scope.leads.set(id, call.lead)
    }
    return undefined
  }

  private waiter(
    args: readonly unknown[],
    call: Call,
    lead: Lead,
    done: Done,
    proceed: (call: Call) => unknown,
  ): Waiter {
    const alone = () => {
      call.alone = true
      const result = proceed(call)
      if (isThenable(result)) void follow(result, done)
    }
    return {
      key: call.key,
      wires: call.wires ?? [],
      settle: bound(() => {
        try {
          const answer = lead.memo?.take(call.shape.keyOf(call.key), this.parts.host.now())
          if (answer !== undefined) return this.serve(args, call, answer, done)
        } catch {
          this.parts.host.caught('query.join')
        }
        alone()
      }),
    }
  }

  private answerFor(pool: Pool, call: Call, scope: Scope): Answer | undefined {
    if (!scope.holds) return undefined
    const session = this.parts.sessions.common(pool._clients)
    if (session === undefined) return undefined
    const now = this.parts.host.now()
    if (this.parts.sessions.catalog(session).of(call.shape.text, now)?.plain !== true)
      return undefined
    return scope.memo(`i ${session.key}`).take(call.shape.keyOf(call.key), now)
  }

  /** Makes the query that the pool's client would have made, and answers it. */
  private serve(args: readonly unknown[], call: Call, answer: Answer, done: Done): void {
    const { host } = this.parts
    const [config, given] = args
    const values = typeof given === 'function' ? undefined : given
    const span = host.begin(answer.client, config, values)
    call.scope?.account(call.shape)?.served(call)
    const query: PgQuery = new answer.Query(config, values, done)
    if (query._result !== undefined) query._result._types ??= (answer.client as Client)._types
    soon(() => {
      try {
        feed(query, answer, answer.client, this.parts.defects)
        span?.add(SERVED)
        span?.succeed(answer.rows.length)
      } catch {
        host.caught('query.serve')
      }
      query.handleReadyForQuery(answer.client)
    })
  }

  private idOf(pool: Pool): number {
    let id = this.ids.get(pool)
    if (id === undefined) {
      id = ++this.lastId
      this.ids.set(pool, id)
    }
    return id
  }
}

/** A lead takes in calls until it is sent, and then those whose key it asks for. */
function takes(lead: Lead, call: Call): boolean {
  return lead.sent === undefined || lead.sent.has(call.key)
}

/** What `Pool.query` returns, and how it is told: by the callback, or by a promise of the pool's kind. */
function handle(pool: Pool, args: readonly unknown[]): { result: unknown; done: Done } {
  const callback = args.find(arg => typeof arg === 'function') as Done | undefined
  if (callback !== undefined) return { result: undefined, done: bound(callback) }
  let done: Done = () => {}
  const Kind = pool.Promise ?? Promise
  const result = new Kind((resolve, reject) => {
    done = (error, value) => (error ? reject(error as Error) : resolve(value))
  })
  return { result, done }
}

/** A call with a timeout of its own waits for nobody. */
function timeoutOf(pool: Pool, [config]: readonly unknown[]): boolean {
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
