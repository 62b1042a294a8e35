import type { Attributes } from '../trace/attributes.js'
import { context } from '../trace/context.js'
import { caught } from '../trace/counts.js'
import type { PgStage } from '../query/seam.js'
import { recorder } from '../trace/recorder.js'
import { OpenSpan } from '../trace/span.js'
import {
  carried,
  type Carried,
  enterPool,
  type HandedOver,
  handToClient,
  leavePool,
  takeCarried,
} from './pg-site.js'
import { type Statement, statementOf } from './statement-span.js'
import { templateOf } from '../sql/template.js'
import { stages } from './pg-stage.js'
import type { Callback, Method, PendingItem, PgPool } from './pg-types.js'
import { replace } from './replace.js'

/** A shorter wait is the tick that pg-pool always takes. */
const SHORTEST_WAIT_MS = 0.5

const WAITED: Attributes = { 'hotpath.wait': 'connection' }

/** Somebody waits for a connection: kept at the pool's own entry for them. */
class Wait {
  readonly span: OpenSpan | undefined = context.getStore()
  readonly startMs = recorder.now()
  private over = false

  /** @param carried From the pool's own `query`; undefined where the app asks for a client. */
  constructor(readonly carried: Carried | undefined) {}

  end(failed: boolean): void {
    if (this.over) return
    this.over = true
    const parent = this.span
    if (parent === undefined || parent.trace.ended) return
    if (recorder.now() - this.startMs < SHORTEST_WAIT_MS) return
    const span = new OpenSpan(parent.trace, parent, 'internal', 'wait: connection', WAITED)
    span.startMs = this.startMs
    parent.trace.hold(span)
    span.end(failed ? 'error' : 'unset')
  }
}

const WAIT = Symbol('hotpath.wait')
type Waiting = PendingItem & { [WAIT]?: Wait }

/** Gates a Pool: `module.exports` of pg-pool. */
export function gatePool(Pool: { readonly prototype: object }): void {
  replace(
    Pool.prototype,
    'query',
    original =>
      function query(text, values, callback) {
        if (!recorder.enabled) return original.apply(this, arguments as unknown as unknown[])
        const promised = typeof values !== 'function' && !callback
        const stage = stages.pg
        if (stage !== undefined && typeof text !== 'function') {
          return staged(stage, original, this as PgPool, [...arguments], promised)
        }
        enterPool(statementFor(text), promised)
        try {
          return original.apply(this, arguments as unknown as unknown[])
        } finally {
          leavePool()
        }
      },
  )
  replace(
    Pool.prototype,
    'connect',
    original =>
      function connect(callback) {
        if (!recorder.enabled) return original.apply(this, arguments as unknown as unknown[])
        const wait = new Wait(takeCarried())
        const bound = typeof callback === 'function' ? bind(callback as Callback, wait) : callback
        const queue = (this as PgPool)._pendingQueue
        const before = queue?.length ?? 0
        const result = original.call(this, bound)
        if (queue !== undefined && queue.length > before) (queue.at(-1) as Waiting)[WAIT] = wait
        return result
      },
  )
  replace(
    Pool.prototype,
    '_acquireClient',
    original =>
      function _acquireClient(client, item, ...rest) {
        endWait(item as Waiting)
        return original.call(this, client, item, ...rest)
      },
  )
  replace(
    Pool.prototype,
    'newClient',
    original =>
      function newClient(item) {
        const wait = endWait(item as Waiting)
        if (wait === undefined) return original.call(this, item)
        // A slot became free in somebody else's context: the connection is for who waits.
        return context.run(wait.span, () => original.call(this, item))
      },
  )
}

/** The same with the stages of statements: they may answer, or let others wait for this call. */
function staged(
  stage: PgStage,
  original: Method,
  pool: PgPool,
  args: unknown[],
  promised: boolean,
): unknown {
  const proceed = (ticket: unknown) => {
    enterPool(statementFor(args[0]), promised, ticket)
    try {
      return original.apply(pool, args)
    } finally {
      // Nobody has asked for what comes along: this pool connects in another way.
      if (ticket !== undefined && carried()?.ticket === ticket) stage.poolDone(ticket)
      leavePool()
    }
  }
  const { boxed, ticket } = stage.poolQuery(pool, args, proceed)
  return boxed === undefined ? proceed(ticket) : boxed.value
}

/**
 * pg-pool runs what waits in the context of the request that released a connection: bound to its
 * caller, every statement stays with its own request.
 */
function bind(callback: Callback, wait: Wait): Callback {
  return function (this: unknown, ...args) {
    if (args[0]) endQuietly(wait, true)
    if (args[0] && wait.carried?.ticket !== undefined) stages.pg?.poolDone(wait.carried.ticket)
    if (wait.carried === undefined || args[0]) {
      return context.run(wait.span, run, callback, this, args)
    }
    // The pool's own callback calls `client.query` at once: told by hand whose statement it is, it
    // needs no context, which on Node 24 costs a copy of a map.
    handToClient(wait as HandedOver)
    try {
      return callback.apply(this, args)
    } finally {
      handToClient(undefined)
      if (wait.carried.ticket !== undefined) stages.pg?.poolDone(wait.carried.ticket)
    }
  }
}

function run(callback: Callback, self: unknown, args: unknown[]): unknown {
  return callback.apply(self, args)
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
