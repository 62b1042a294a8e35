import type { CallSite } from './call-site.js'
import type { ExponentialHistogram } from './histogram.js'
import { newSeries } from './series.js'

/**
 * Routes that are told apart; the rest share one. A route has several series, so half of those. As many
 * guessed ones, and as many names of work outside of requests: neither takes the room of the other.
 */
const MAX_ROUTES = 1000
/** One capture costs 3 us: so many of the first of each statement of a route, then at each doubling. */
const FIRST_SITES = 5
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
  private readonly sites = new Map<string, KnownSite>()
  /** The one that was asked for last: most come in loops. */
  private lastSite: KnownSite | undefined = undefined
  private lastTemplate = ''
  private readonly durations = new Map<number, ExponentialHistogram>()

  constructor(
    readonly method: string,
    /** `/users/:id`; undefined: a framework answered without a route. */
    readonly template: string | undefined,
    readonly guessed: boolean,
  ) {}

  /** The histogram of the answers with this status; those of a cache are apart. */
  duration(statusCode: number, fromCache = false): ExponentialHistogram {
    const key = fromCache ? -statusCode : statusCode
    let histogram = this.durations.get(key)
    if (histogram === undefined) {
      histogram = newSeries('http.server.request.duration', {
        'http.request.method': this.method,
        ...(this.template === undefined ? {} : { 'http.route': this.template }),
        ...(this.guessed ? { 'hotpath.route.guessed': true } : {}),
        'http.response.status_code': statusCode,
        ...(fromCache ? { 'hotpath.cache': 'hit' } : {}),
      })
      this.durations.set(key, histogram)
    }
    return histogram
  }

  /** Whether the next statement with this template should say where in the code it is. */
  wantsSite(template: string): boolean {
    if (this.lastSite !== undefined && template === this.lastTemplate) return this.lastSite.wants()
    let known = this.sites.get(template)
    if (known === undefined) {
      if (this.sites.size >= STATEMENTS_WITH_SITES) return false
      known = new KnownSite()
      this.sites.set(template, known)
    }
    this.lastSite = known
    this.lastTemplate = template
    return known.wants()
  }

  noteSite(template: string, site: CallSite): void {
    this.sites.get(template)?.note(site)
  }

  /** Where the statements with this template are asked for, when each that was looked at said the same. */
  onlySite(template: string): CallSite | undefined {
    return this.sites.get(template)?.only
  }
}

/** Where one kind of call of one route comes from. */
class KnownSite {
  /** The one place; undefined: none was told yet, or there are several. */
  only: CallSite | undefined = undefined
  private several = false
  private asked = 0

  wants(): boolean {
    const n = ++this.asked
    return n <= FIRST_SITES || (n & (n - 1)) === 0
  }

  note(site: CallSite): void {
    const { only } = this
    if (this.several) return
    if (only === undefined) this.only = site
    else if (only.file !== site.file || only.line !== site.line || only.column !== site.column) {
      this.several = true
      this.only = undefined
    }
  }
}

/** Stats by template, then by method (two look-ups cost less than one joined key), up to a bound. */
class Known {
  private readonly byTemplate = new Map<string, Map<string, RouteStats>>()
  private readonly rest = new RouteStats('_OTHER', undefined, false)
  private count = 0

  constructor(private readonly guessed: boolean) {}

  of(method: string, template: string | undefined): RouteStats {
    return this.byTemplate.get(template ?? '')?.get(method) ?? this.add(method, template)
  }

  *all(): Generator<RouteStats> {
    for (const byMethod of this.byTemplate.values()) yield* byMethod.values()
  }

  private add(method: string, template: string | undefined): RouteStats {
    if (this.count >= MAX_ROUTES) return this.rest
    this.count++
    const stats = new RouteStats(method, template, this.guessed)
    const byMethod = this.byTemplate.get(template ?? '')
    if (byMethod === undefined) this.byTemplate.set(template ?? '', new Map([[method, stats]]))
    else byMethod.set(method, stats)
    return stats
  }
}

const named = new Known(false)
/** Apart: a statement of a middleware may ask for the guess before the framework names the route. */
const guesses = new Known(true)
/** Apart: names of spans are the app's, and may be as many as it has users. */
const work = new Known(false)

/** The stats of `GET /users/:id`; the same object for the same names. */
export function routeStats(
  method: string,
  template: string | undefined,
  guessed = false,
): RouteStats {
  return (guessed ? guesses : named).of(method, template)
}

/** The same for what runs outside of any request: `SELECT users` of a timer, a span of the app's own. */
export function workStats(name: string): RouteStats {
  return work.of('', name)
}

/** Routes that requests were of so far, named by a framework or guessed. */
export function* routesMet(): Generator<RouteStats> {
  yield* named.all()
  yield* guesses.all()
}

/** Paths that routers have been given, whether a request came or not. */
const given = new Set<string>()
const MOST_GIVEN = 5_000

/** A router was given a route of this path; below a mount its own part alone. */
export function noteGivenRoute(path: unknown): void {
  if (typeof path === 'string' && given.size < MOST_GIVEN) given.add(path)
}

/** Whether some router was given it, or its last part with a word in it: a mount may stand before that. */
export function isGivenRoute(template: string): boolean {
  if (given.has(template)) return true
  for (const path of given) if (/\/[^:*/]/.test(path) && template.endsWith(path)) return true
  return false
}
