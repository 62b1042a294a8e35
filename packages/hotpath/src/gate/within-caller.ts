import { AsyncResource } from 'node:async_hooks'

/**
 * A callback that runs in all of its caller's async context, wherever it is called from: pg calls it in
 * that of the socket, and pg-pool in that of who released a connection. It costs an object, so it is for
 * calls within a computation alone: what is read in the callback is part of that. What is no function is
 * given back.
 */
export function withinCaller<T>(callback: T): T {
  return typeof callback === 'function' ? (AsyncResource.bind(callback as never) as T) : callback
}
