import { routeOf, type Trace } from '../model.js'
import { statementOf, wasServed } from './calls.js'
import { add } from './occurrence.js'
import { isRequest, requestsOf } from './request.js'
import { median } from './timing.js'

/** What the requests of a route may take: `routes: { 'GET /users': { maxStatements: 5, maxMs: 50 } }`. */
export interface Budget {
  /** `GET /users/:id`, or `*` for all routes that have no budget of their own. */
  readonly route: string
  /** Statements that one request may send to the database. */
  readonly maxStatements?: number
  /** Milliseconds of the request in the middle: of a suite the first is cold, and one is always unlucky. */
  readonly maxMs?: number
}

/** A budget that was not kept. */
export interface Overrun {
  readonly route: string
  readonly budget: 'maxStatements' | 'maxMs'
  readonly limit: number
  /** Statements of the request that had the most, or the median in milliseconds. */
  readonly measured: number
  readonly requests: number
}

/** What one request took. */
export interface Request {
  readonly route: string
  readonly ms: number
  readonly statements: number
}

/** Every request in traces, with the statements that it sent: BEGIN and COMMIT too, which wait as long. */
export function requestsIn(traces: readonly Trace[]): Request[] {
  return traces.flatMap(trace => {
    const owners = requestsOf(trace)
    const sent = new Map<unknown, number>()
    for (const span of trace.spans) {
      if (statementOf(span) === undefined || wasServed(span)) continue
      const owner = owners.get(span)
      sent.set(owner, (sent.get(owner) ?? 0) + 1)
    }
    return trace.spans.filter(isRequest).map(span => ({
      route: routeOf(span.attributes, span.name),
      ms: span.durationNs / 1e6,
      statements: sent.get(span) ?? 0,
    }))
  })
}

/**
 * The budgets that requests did not keep, by route.
 *
 * @example
 * overruns([{ route: 'GET /users', maxStatements: 5 }], requestsIn(traces))
 * // [{ route: 'GET /users', budget: 'maxStatements', limit: 5, measured: 14, requests: 3 }]
 */
export function overruns(budgets: readonly Budget[], requests: readonly Request[]): Overrun[] {
  const own = new Map(budgets.map(budget => [budget.route, budget]))
  const byRoute = new Map<string, Request[]>()
  for (const request of requests) add(byRoute, request.route, request)
  return [...byRoute]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([route, all]) => {
      const budget = own.get(route) ?? own.get('*')
      const most = Math.max(...all.map(({ statements }) => statements))
      const typicalMs = median(all.map(({ ms }) => ms))
      return [
        ...over(route, 'maxStatements', budget?.maxStatements, most, all.length),
        ...over(route, 'maxMs', budget?.maxMs, typicalMs, all.length),
      ]
    })
}

/** Budgets of routes that no request was of: nothing was judged by them. */
export function unused(budgets: readonly Budget[], requests: readonly Request[]): string[] {
  const met = new Set(requests.map(({ route }) => route))
  return budgets.map(({ route }) => route).filter(route => route !== '*' && !met.has(route))
}

function over(
  route: string,
  budget: Overrun['budget'],
  limit: number | undefined,
  measured: number,
  requests: number,
): Overrun[] {
  return limit === undefined || measured <= limit
    ? []
    : [{ route, budget, limit, measured, requests }]
}
