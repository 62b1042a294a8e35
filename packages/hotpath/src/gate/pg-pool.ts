import { type Computation, currentComputation } from '../cache/computation.js'
import { context } from '../trace/context.js'
import { guardConnect, isAbandoned } from '../pool/late.js'
import { takeTrace, type Taken } from '../pool/leaks.js'
import { limitLifetime } from '../pool/lifetime.js'
import { closed, giveBack, lend, opened, opening } from '../pool/loans.js'
import { pools } from '../pool/policy.js'
import { refused } from '../pool/refusal.js'
import { openedByPool } from '../pool/share/opening.js'
import type { Proceed, Ticket } from '../query/seam.js'
import { caught, contained } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'
import type { OpenSpan } from '../trace/span.js'
import { pgPoolState, poolName } from './pg-pool-state.js'
import {
  type Carried,
  enterPool,
  type HandedOver,
  handToClient,
  instant,
  leavePool,
  setInstant,
  takeCarried,
  takeTicket,
} from './pg-site.js'
import { type Statement, statementOf } from './statement-span.js'
import { templateOf } from '../sql/template.js'
import { stages } from './pg-stage.js'
import type { Callback, Method, PendingItem, PgClient, PgPool } from './pg-types.js'
import { askServer } from './pg-room.js'
import { watchPool } from './pool-gauges.js'
import { replace } from './replace.js'
import { type PoolWait, waited } from './wait-span.js'
import { withinCaller } from './within-caller.js'

const NO_CONNECTION = 'no connection came'

/** Somebody waits for a connection: kept at the pool's own entry for them. */
class Wait implements PoolWait {
  /** -1: a connection is idle for it, and the pool hands it out when the app's code has returned. */
  readonly startMs: number
  /** -1 while it waits. */
  endMs = -1

  /**
   * @param pool That is asked.
   * @param span What the async context holds.
   * @param carried From the pool's own `query`; undefined where the app asks for a client.
   * @param ticket What the stages of statements know of that call.
   * @param trace Where the app asks for a client, when leaks are reported.
   */
  constructor(
    private readonly pool: PgPool,
    readonly span: OpenSpan | undefined,
    readonly carried: Carried | undefined,
    readonly ticket: unknown,
    readonly trace: Taken | undefined,
  ) {
    this.startMs = hasIdle(pool) ? -1 : recorder.now()
  }

  end(failed: boolean): void {
    const isFirst = this.endMs < 0
    if (isFirst) this.endMs = instant()
    // The statement for which the pool's own `query` has waited tells of it, if it comes to that.
    if (this.carried === undefined ? isFirst : failed) waited(this, this.span, isFirst && failed)
  }

  poolName(): string {
    return poolName(this.pool)
  }
}

/** Whether a connection is idle for one more who asks. */
function hasIdle({ _idle, _pendingQueue }: PgPool): boolean {
  return _idle !== undefined && _idle.length > (_pendingQueue?.length ?? 0)
}

const WAIT = Symbol('hotpath.wait')
type Waiting = PendingItem & { [WAIT]?: Wait }

/** Of the `Pool.connect` that runs now: a new connection is opened within it. */
let asking: Wait | undefined

/** Gates a Pool: `module.exports` of pg-pool. */
export function gatePool(Pool: { readonly prototype: object }): void {
  replace(Pool.prototype, 'query', original => {
    /** The stages let this call go after all. */
    const proceed: Proceed = (pool, { config, values, callback }, ticket) =>
      enter(original, pool, [config, values, callback], ticket, context.getStore())
    return function query(text, values, callback) {
      if (!recorder.enabled) return original.apply(this, arguments as unknown as unknown[])
      let args = arguments as unknown as unknown[]
      if (currentComputation() !== undefined) {
        args = [...args].map(withinCaller)
        ;[, values, callback] = args
      }
      const stage = stages.pg
      const caller = context.getStore()
      let ticket: Ticket | undefined
      if (stage !== undefined && typeof text !== 'function') {
        ticket = stage.poolQuery(this as PgPool, text, values, callback, caller, proceed)
        if (ticket?.boxed !== undefined) return ticket.boxed.value
      }
      return enter(original, this as PgPool, args, ticket, caller)
    }
  })
  replace(
    Pool.prototype,
    'connect',
    original =>
      function connect(callback) {
        if (!recorder.enabled) return original.apply(this, arguments as unknown as unknown[])
        const computation = currentComputation()
        const refusal = contained('gate.pg-pool', () => refused(this as PgPool, callback))
        if (refusal !== undefined) {
          computation?.forbid(NO_CONNECTION)
          return refusal.value
        }
        const from = takeCarried()
        const ticket = takeTicket()
        const span = context.getStore()
        const trace = from === undefined ? takeTrace(connect, span) : undefined
        const wait = new Wait(this as PgPool, span, from, ticket, trace)
        let bound: unknown = callback
        if (typeof callback === 'function') {
          const own = callback as Callback
          bound = bind(computation === undefined ? own : within(computation, own, wait), wait)
        }
        const queue = (this as PgPool)._pendingQueue
        const before = queue?.length ?? 0
        asking = wait
        let result: unknown
        try {
          result = original.call(this, bound)
        } finally {
          asking = undefined
        }
        if (queue !== undefined && queue.length > before) (queue.at(-1) as Waiting)[WAIT] = wait
        return computation === undefined ? result : watched(computation, result)
      },
  )
  replace(
    Pool.prototype,
    '_acquireClient',
    original =>
      function _acquireClient(client, item, _idleListener, isNew) {
        const wait = endWait(item as Waiting)
        if (recorder.enabled) {
          const isLent = wait !== undefined && (item as Waiting).timedOut !== true
          if (isGone(this as PgPool, client as PgClient, isNew === true, isLent ? wait : undefined))
            return undefined
        }
        const args = arguments as unknown as unknown[]
        if (wait === undefined) return original.apply(this, args)
        if (isHeard(this as PgPool, isNew === true)) {
          if (wait.span === context.getStore()) return original.apply(this, args)
          // The pool's listeners for `acquire` run now: what they ask is for who waited.
          return context.run(wait.span, run, original, this, args)
        }
        if (wait.carried === undefined || isNew === true) return original.apply(this, args)
        const before = setInstant(wait.endMs)
        try {
          return original.apply(this, args)
        } finally {
          setInstant(before)
        }
      },
  )
  replace(
    Pool.prototype,
    'newClient',
    original =>
      function newClient(item) {
        contained('gate.pg-pool', () => watchPool(this as PgPool, pgPoolState))
        const pool = this as PgPool
        const waiting = item as Waiting
        if (asking !== undefined) waiting[WAIT] ??= asking
        const wait = endWait(waiting)
        const open = () => openedByPool(() => original.call(this, item))
        if (wait === undefined) return open()
        let client: PgClient | undefined
        contained('gate.pg-pool', () => {
          if (pools.policy !== undefined) guardConnect(pool, waiting, () => client)
        })
        const before = pool._clients?.length ?? 0
        // A slot became free in somebody else's context: the connection is for who waits.
        const result = context.run(wait.span, open)
        if ((pool._clients?.length ?? 0) > before) client = pool._clients?.at(-1)
        if (client !== undefined) contained('gate.pg-pool', () => opening(client as PgClient))
        return result
      },
  )
  replace(
    Pool.prototype,
    '_release',
    original =>
      function _release(client) {
        returned(client as PgClient)
        const result = original.apply(this, arguments as unknown as unknown[])
        if (pools.policy !== undefined) contained('gate.pg-pool', () => askServer(this as PgPool))
        return result
      },
  )
  replace(
    Pool.prototype,
    '_remove',
    original =>
      function _remove(client) {
        contained('gate.pg-pool', () => closed(client as PgClient))
        return original.apply(this, arguments as unknown as unknown[])
      },
  )
}

/** Whether the app listens for what `_acquireClient` emits; few do, and a context costs on each statement. */
function isHeard(pool: PgPool, isNew: boolean): boolean {
  const { listenerCount } = pool
  if (typeof listenerCount !== 'function') return true
  return (
    listenerCount.call(pool, 'acquire') > 0 || (isNew && listenerCount.call(pool, 'connect') > 0)
  )
}

function returned(client: PgClient): void {
  try {
    giveBack(client, instant())
  } catch {
    caught('gate.pg-pool')
  }
}

/** A connection is about to be handed out, to `wait` if somebody has it; true: it was given up before. */
function isGone(pool: PgPool, client: PgClient, isNew: boolean, wait: Wait | undefined): boolean {
  try {
    if (isAbandoned(client)) return true
    if (isNew) {
      opened(client)
      limitLifetime(pool, client)
    }
    // For a new one it was waited no longer when the pool began to open it.
    if (wait !== undefined) lend(client, wait, isNew ? recorder.now() : wait.endMs)
  } catch {
    caught('gate.pg-pool')
  }
  return false
}

/**
 * @param ticket What the stages of statements know of the call.
 * @param caller What the async context holds.
 */
function enter(
  original: Method,
  pool: object,
  args: unknown[],
  ticket: unknown,
  caller: OpenSpan | undefined,
): unknown {
  const promised = typeof args[1] !== 'function' && !args[2]
  enterPool(statementFor(args[0]), promised, caller, ticket)
  try {
    return original.apply(pool, args)
  } finally {
    // Nobody has asked for what comes along: this pool connects in another way.
    if (ticket !== undefined && takeTicket() === ticket) stages.pg?.poolDone(ticket)
    leavePool()
  }
}

/**
 * pg-pool runs what waits in the context of the request that released a connection: bound to its
 * caller, every statement stays with its own request.
 */
function bind(callback: Callback, wait: Wait): Callback {
  return function (this: unknown, ...args) {
    if (args[0]) endQuietly(wait, true)
    if (args[0] && wait.ticket !== undefined) stages.pg?.poolDone(wait.ticket)
    if (wait.carried === undefined || args[0]) {
      return context.run(wait.span, run, callback, this, args)
    }
    // The pool's own callback calls `client.query` at once: told by hand whose statement it is, it
    // needs no context, which on Node 24 costs a copy of a map.
    handToClient(wait as Wait & HandedOver)
    try {
      return callback.apply(this, args)
    } finally {
      handToClient(undefined)
      if (wait.ticket !== undefined) stages.pg?.poolDone(wait.ticket)
    }
  }
}

/**
 * The app's callback goes on in all of its caller's context: what it reads is part of the computation
 * there. Within `Pool.query` it is the pool's own, which does no more than send, and knows whose it is.
 */
function within(computation: Computation, callback: Callback, wait: Wait): Callback {
  const own = wait.carried === undefined ? withinCaller(callback) : callback
  return function (this: unknown, ...args) {
    if (args[0]) computation.forbid(NO_CONNECTION)
    return own.apply(this, args)
  }
}

/** Where no connection comes, what the app makes of that is not to be kept. */
function watched(computation: Computation, result: unknown): unknown {
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return result
  // The app gets the promise that is watched: one beside it would take its rejection for handled.
  return (result as PromiseLike<unknown>).then(undefined, (error: unknown) => {
    computation.forbid(NO_CONNECTION)
    throw error
  })
}

function run(callback: Callback, self: unknown, args: readonly unknown[]): unknown {
  return callback.apply(self, args as unknown[])
}

function endWait(item: Waiting | undefined): Wait | undefined {
  const wait = item?.[WAIT]
  if (wait !== undefined) endQuietly(wait, false)
  return wait
}

function endQuietly(wait: Wait, failed: boolean): void {
  try {
    wait.end(failed)
  } catch {
    caught('gate.pg-pool')
  }
}

function statementFor(config: unknown): Statement | undefined {
  try {
    const text =
      typeof config === 'object' && config !== null ? Reflect.get(config, 'text') : config
    return typeof text === 'string' ? statementOf(templateOf(text), 'postgresql') : undefined
  } catch {
    caught('gate.pg-pool')
    return undefined
  }
}
