import { subscribe } from 'node:diagnostics_channel'
import type { ActiveTrace } from '../trace/span.js'

/** Where Node tells of outgoing calls, and of their answers. */
const STARTS = ['http.client.request.start', 'undici:request:create']
const ENDS = [
  'http.client.response.finish',
  'undici:request:headers',
  'undici:request:trailers',
  'undici:request:error',
]

/**
 * Calls `flush` when a request calls out of this process, and when that call is answered: whoever was
 * called may have written what we have read.
 */
export function watchCallsOut(
  current: () => ActiveTrace | undefined,
  flush: (trace: ActiveTrace) => void,
): void {
  const callers = new WeakMap<object, ActiveTrace>()
  const requestOf = (message: unknown) => (message as { readonly request?: object }).request
  for (const name of STARTS) {
    subscribe(name, message => {
      const trace = current()
      const request = requestOf(message)
      if (trace === undefined) return
      if (request !== undefined) callers.set(request, trace)
      flush(trace)
    })
  }
  for (const name of ENDS) {
    subscribe(name, message => {
      const trace = callers.get(requestOf(message) ?? (message as object))
      if (trace !== undefined) flush(trace)
    })
  }
}
