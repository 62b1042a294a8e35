import type { ExponentialHistogram } from './histogram.js'
import { newSeries } from './series.js'

/** Routes that are told apart; the rest share one. A route has several series, so half of those. */
const MAX_ROUTES = 1000
/** Call sites are taken for the first of each statement of a route: one capture costs 3 us. */
const SITES_PER_STATEMENT = 5
const STATEMENTS_WITH_SITES = 500

/** What is known of one route in this process: its histograms, and what the sampler remembers. */
export class RouteStats {
  /** Requests that ended. */
  seen = 0
  /** Traces kept because the route, or a class of status on it, was new. */
  readonly keptNew = [0, 0, 0, 0, 0, 0]
  /** Running 95th percentile, ms. */
  p95Ms = 0
  /** Unspent allowance of each reason for keeping, and when it was last filled up. */
  readonly allowance = { ordinary: 1, slow: 1, error: 1, filledMs: 0 }
  private readonly sites = new Map<string, number>()
  private readonly durations = new Map<number, ExponentialHistogram>()

  constructor(
    readonly method: string,
    /** `/users/:id`; undefined: a framework answered without a route. */
    readonly template: string | undefined,
    readonly guessed: boolean,
  ) {}

  /** The histogram of the answers with this status. */
  duration(statusCode: number): ExponentialHistogram {
    let histogram = this.durations.get(statusCode)
    if (histogram === undefined) {
      histogram = newSeries('http.server.request.duration', {
        'http.request.method': this.method,
        ...(this.template === undefined ? {} : { 'http.route': this.template }),
        ...(this.guessed ? { 'hotpath.route.guessed': true } : {}),
        'http.response.status_code': statusCode,
      })
      this.durations.set(statusCode, histogram)
    }
    return histogram
  }

  /** Whether the next statement with this template should say where in the code it is. */
  wantsSite(template: string): boolean {
    const taken = this.sites.get(template) ?? 0
    if (taken >= SITES_PER_STATEMENT) return false
    if (taken === 0 && this.sites.size >= STATEMENTS_WITH_SITES) return false
    this.sites.set(template, taken + 1)
    return true
  }
}

type Routes = Map<string, Map<string, RouteStats>>

/** By template, then by method: two look-ups cost less than one joined key. */
const named: Routes = new Map()
/** Apart: a statement of a middleware may ask for the guess before the framework names the route. */
const guesses: Routes = new Map()
let count = 0
const rest = new RouteStats('_OTHER', undefined, false)

/** The stats of `GET /users/:id`; the same object for the same names. */
export function routeStats(
  method: string,
  template: string | undefined,
  guessed = false,
): RouteStats {
  const routes = guessed ? guesses : named
  return routes.get(template ?? '')?.get(method) ?? addRoute(routes, method, template, guessed)
}

function addRoute(
  routes: Routes,
  method: string,
  template: string | undefined,
  guessed: boolean,
): RouteStats {
  if (count >= MAX_ROUTES) return rest
  count++
  const stats = new RouteStats(method, template, guessed)
  const byMethod = routes.get(template ?? '')
  if (byMethod === undefined) routes.set(template ?? '', new Map([[method, stats]]))
  else byMethod.set(method, stats)
  return stats
}
