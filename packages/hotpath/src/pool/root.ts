import { AsyncResource } from 'node:async_hooks'

/** Made at start, when there is no request yet. */
const root = new AsyncResource('hotpath')

/**
 * Runs what belongs to no request: timers and sockets keep the async context in which they were
 * made, and with it all that a request holds, for as long as they live.
 */
export function inRoot<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R {
  return root.runInAsyncScope(fn, undefined, ...args)
}
