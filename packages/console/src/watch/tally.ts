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

/** A stretch of time that is complete, ending at `endMs`. */
export interface Step {
  readonly endMs: number
  readonly route: Tallies
  readonly service: Tallies
  /** Routes that were left out: only the busiest are watched one by one. */
  readonly leftOut: number
}

/** Each is a histogram of about 50 buckets: 1,000 in 30 steps are some 20 MB. */
const routeLimit = 1_000

export const keyOf = (service: string, route: string | null): string =>
  JSON.stringify(route === null ? [service] : [service, route])

/** The requests of a step, by route and by service. */
export function stepOf(endMs: number, series: readonly Series[]): Step {
  const routes = new Map<string, Tally>()
  const services = new Map<string, Tally>()
  for (const { service, attributes, histogram } of series) {
    const errors = isFailure(attributes) ? histogram.count : 0
    const one = { service, count: histogram.count, errors, histogram }
    add(routes, { ...one, route: routeOf(attributes) })
    add(services, { ...one, route: null })
  }
  const kept = [...routes].sort(([, a], [, b]) => b.count - a.count).slice(0, routeLimit)
  return {
    endMs,
    route: new Map(kept),
    service: services,
    leftOut: routes.size - kept.length,
  }
}

function add(to: Map<string, Tally>, tally: Tally): void {
  const key = keyOf(tally.service, tally.route)
  to.set(key, sum([to.get(key), tally]) ?? tally)
}

/** All of one key together; undefined when there is nothing. */
export function sum(tallies: readonly (Tally | undefined)[]): Tally | undefined {
  const [first, ...more] = tallies.filter(tally => tally !== undefined)
  if (first === undefined) return undefined
  return more.reduce(
    (a, b) => ({
      ...a,
      count: a.count + b.count,
      errors: a.errors + b.errors,
      histogram: merge(a.histogram, b.histogram),
    }),
    first,
  )
}

/** Of something that nobody asked for. */
export const noRequests = { count: 0, errors: 0, histogram: emptyHistogram }
