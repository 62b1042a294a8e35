import { emptyHistogram, merge } from '../diagnose/quantile.js'
import { type Histogram, isFailure, routeOf } from '../model.js'
import type { Series } from '../store/store.js'

/** What was counted of one route, or of one service as a whole, in some time. */
export interface Tally {
  readonly service: string
  /** Null for the service as a whole. */
  readonly route: string | null
  readonly count: number
  readonly errors: number
  /** In seconds. */
  readonly histogram: Histogram
}

export type Tallies = ReadonlyMap<string, Tally>

/** All requests of a window. */
export interface Counted {
  readonly route: Tallies
  readonly service: Tallies
  /** Routes that were left out: only the busiest are watched one by one. */
  readonly leftOut: number
}

/** Each is judged every ten seconds by every rule about it. */
const routeLimit = 1_000

export const keyOf = (service: string, route: string | null): string =>
  JSON.stringify(route === null ? [service] : [service, route])

/** The requests of a window, by route and by service. */
export function count(series: readonly Series[]): Counted {
  const routes = new Map<string, Tally>()
  const services = new Map<string, Tally>()
  for (const { service, attributes, histogram } of series) {
    const errors = isFailure(attributes) ? histogram.count : 0
    const one = { service, count: histogram.count, errors, histogram }
    add(routes, { ...one, route: routeOf(attributes) })
    add(services, { ...one, route: null })
  }
  const kept = [...routes].sort(([, a], [, b]) => b.count - a.count).slice(0, routeLimit)
  return { route: new Map(kept), service: services, leftOut: routes.size - kept.length }
}

function add(to: Map<string, Tally>, tally: Tally): void {
  const key = keyOf(tally.service, tally.route)
  const known = to.get(key)
  if (known === undefined) to.set(key, tally)
  else
    to.set(key, {
      ...known,
      count: known.count + tally.count,
      errors: known.errors + tally.errors,
      histogram: merge(known.histogram, tally.histogram),
    })
}

/** Of something that nobody asked for. */
export const noRequests = { count: 0, errors: 0, histogram: emptyHistogram }
