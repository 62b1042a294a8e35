import type { Histogram, Trace, TraceSpan } from '../model.js'
import { routeOf } from '../model.js'
import { isRequest } from './request.js'

/** All requests of a route in one stretch of time. */
export interface Stretch {
  readonly errors: number
  /** In seconds. */
  readonly histogram: Histogram
}

/** One route now, beside itself before; both in stretches of the same length. */
export interface Beside {
  readonly service: string
  readonly route: string
  readonly now: readonly Stretch[]
  readonly before: readonly Stretch[]
}

/** Requests of a route that were sampled, of all traces. */
export function requestsOfRoute(
  traces: readonly Trace[],
  { service, route }: { readonly service: string; readonly route: string },
): TraceSpan[] {
  return traces
    .flatMap(({ spans }) => spans)
    .filter(
      span =>
        isRequest(span) &&
        span.service === service &&
        routeOf(span.attributes, span.name) === route,
    )
}
