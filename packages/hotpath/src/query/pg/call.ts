import { AsyncResource } from 'node:async_hooks'
import type { CacheableRead } from '../../config/statement-cache.js'
import type { Lead } from '../lead.js'
import type { Scope } from '../scope.js'
import type { Session } from '../session.js'
import type { Shape } from '../shape.js'
import type { Wire } from '../wire.js'
import type { Answer, RawRow } from './answer.js'
import type { Client } from './client.js'
import type { Turn } from './sender.js'

/** One call of a statement, from when the app makes it until it is answered. */
export class Call {
  session: Session | undefined
  client: Client | undefined
  /** Rows as they come, for who may want them; undefined: nobody does. */
  rows: RawRow[] | undefined
  /** Others wait for what it brings. */
  lead: Lead | undefined
  /** What the cache across requests was asked; undefined: nothing. */
  asked: CacheableRead | undefined
  /** It goes out alone, whatever we know: after a batch that failed. */
  alone = false
  /** It was counted in the account of its request. */
  counted = false
  /** A probe was made for it. */
  probed = false
  /** It was handed to a connection by the pool. */
  handed = false
  /** It was answered by us: there is nothing to learn from how long it took. */
  served = false
  /** The pool that it came through. */
  pool: object | undefined
  /** Shadow mode: what would have been served. */
  expected: Answer | undefined
  /** Shadow mode: who looks at what comes. */
  watched: Turn | undefined
  sentMs = 0
  /** Of its request, when it was sent. */
  epoch = 0

  constructor(
    readonly scope: Scope | undefined,
    readonly shape: Shape,
    /** Its parameters as they are sent; undefined: it cannot be told. */
    readonly wires: readonly Wire[] | undefined,
    readonly key: string,
  ) {}
}

/** Runs a callback of the app later in the async context of now: of all of its stores, not only ours. */
export function bound<Args extends unknown[]>(
  fn: (...args: Args) => unknown,
): (...args: Args) => void {
  const resource = new AsyncResource('hotpath.call')
  return (...args) =>
    void resource.runInAsyncScope(fn as (...args: unknown[]) => unknown, undefined, ...args)
}
