import { errorSpikes } from '../diagnose/error-spike.js'
import { type Compared, isSlower, latencyRegressions } from '../diagnose/latency-regression.js'
import { emptyHistogram, merge } from '../diagnose/quantile.js'
import type { Beside } from '../diagnose/beside.js'
import { type Finding, type Histogram, isFailure, routeOf, type Trace } from '../model.js'
import type { ProcessState, Series, Store, Window } from '../store/store.js'
import type { AskedWindow } from './window.js'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** Of a longer window its last hour is judged: a day holds hours that differ by themselves. */
const mostMs = hourMs
/** What it is compared with must have been seen as a whole, or nothing can be said. */
const leastMs = 6 * minuteMs
/** The first minutes of a process compile its code and fill its caches. */
const warmMs = 2 * minuteMs
/** Routes that are looked at closely, of those that look worse: each takes some reads of the store. */
const mostRoutes = 5
/** Fewer failures are an anecdote, as alerts have it. */
const leastErrors = 5

const metric = 'http.server.request.duration'

interface Route {
  readonly service: string
  readonly route: string
  readonly histogram: Histogram
  readonly errors: number
}

/** What was read of the window itself. */
interface Read {
  readonly traces: readonly Trace[]
  readonly processes: readonly ProcessState[]
  readonly routes: readonly Series[]
}

/** What has become worse: against the same hours before, and since a service was deployed. */
export async function worseThanBefore(
  store: Store,
  window: AskedWindow,
  { traces, processes, routes: read }: Read,
): Promise<Finding[]> {
  const { oldestMs } = await store.extent()
  if (oldestMs === undefined) return []
  const now = { ...window, sinceMs: Math.max(window.sinceMs, window.untilMs - mostMs) }
  if (now.untilMs - now.sinceMs < leastMs) return []
  const routes = routesOf(now.sinceMs === window.sinceMs ? read : await store.series(metric, now))
  const reader = new Reader(store, now, routes, oldestMs)
  const comparisons = await Promise.all([reader.besideDays(), reader.besideDeployments(processes)])
  return [
    ...errorSpikes(await reader.besideDayBefore(), traces),
    ...latencyRegressions(comparisons.flat(), traces),
  ]
}

class Reader {
  constructor(
    private readonly store: Store,
    private readonly now: AskedWindow,
    private readonly routes: ReadonlyMap<string, Route>,
    private readonly oldestMs: number,
  ) {}

  /** Routes that fail, with the day before in stretches of ten minutes. */
  async besideDayBefore(): Promise<Beside[]> {
    const { sinceMs } = this.now
    const failing = [...this.routes.values()]
      .filter(({ errors }) => errors >= leastErrors)
      .sort((a, b) => b.errors - a.errors)
      .slice(0, mostRoutes)
    const before = { ...this.now, sinceMs: sinceMs - dayMs, untilMs: sinceMs }
    return Promise.all(
      failing.map(async one => ({
        service: one.service,
        route: one.route,
        now: [{ errors: one.errors, histogram: one.histogram }],
        before: await this.stretches(one, before, 10 * minuteMs),
      })),
    )
  }

  /** Routes that are slower than yesterday at this time, with the week before where that is known. */
  async besideDays(): Promise<Compared[][]> {
    const days = [
      { back: dayMs, with: 'at the same time yesterday' },
      { back: 7 * dayMs, with: 'at the same time a week before' },
    ].filter(({ back }) => this.now.sinceMs - back >= this.oldestMs)
    const [nearest] = days
    if (nearest === undefined) return []
    const slower = await this.slowerThan(this.before(nearest.back), this.now)
    return Promise.all(
      slower.map(one =>
        Promise.all(days.map(day => this.compared(one, this.before(day.back), this.now, day.with))),
      ),
    )
  }

  /** Routes of services that were deployed in the window, with as long before that. */
  async besideDeployments(processes: readonly ProcessState[]): Promise<Compared[][]> {
    const found: Compared[][] = []
    for (const { service, atMs, version } of deploymentsIn(processes, this.now)) {
      const after = { ...this.now, service, sinceMs: atMs + warmMs }
      const before = { ...this.now, service, sinceMs: this.now.sinceMs, untilMs: atMs }
      if (after.untilMs - after.sinceMs < leastMs || atMs - before.sinceMs < leastMs) continue
      const time = new Date(atMs).toTimeString().slice(0, 5)
      const named =
        version === undefined
          ? `before the processes began anew at ${time}`
          : `before version ${version}, which runs since ${time}`
      for (const one of await this.slowerThan(before, after))
        found.push([await this.compared(one, before, after, named)])
    }
    return found
  }

  private before(backMs: number): AskedWindow {
    const { sinceMs, untilMs } = this.now
    return { ...this.now, sinceMs: sinceMs - backMs, untilMs: untilMs - backMs }
  }

  /** The routes of which most time is lost. */
  private async slowerThan(before: AskedWindow, after: AskedWindow): Promise<Route[]> {
    const then = routesOf(await this.store.series(metric, before))
    const now =
      after.sinceMs === this.now.sinceMs
        ? this.routes
        : routesOf(await this.store.series(metric, after))
    return [...now]
      .filter(([key, { histogram }]) => {
        const known = then.get(key)
        return known !== undefined && isSlower(known.histogram, histogram)
      })
      .map(([, route]) => route)
      .sort((a, b) => b.histogram.sum - a.histogram.sum)
      .slice(0, mostRoutes)
  }

  private async compared(
    one: Route,
    before: AskedWindow,
    after: AskedWindow,
    named: string,
  ): Promise<Compared> {
    // Twelve of an hour, six of half an hour.
    const widthMs = Math.min(after.untilMs - after.sinceMs, before.untilMs - before.sinceMs)
    const stepMs = Math.max(minuteMs, Math.floor(widthMs / 12 / minuteMs) * minuteMs)
    const [then, now] = await Promise.all([
      this.stretches(one, before, stepMs),
      this.stretches(one, after, stepMs),
    ])
    return { service: one.service, route: one.route, before: then, now, with: named }
  }

  private stretches(
    { service, route }: Route,
    { sinceMs, untilMs }: AskedWindow,
    stepMs: number,
  ): Promise<readonly { readonly errors: number; readonly histogram: Histogram }[]> {
    return this.store.timeline(metric, { sinceMs, untilMs, service, route, stepMs })
  }
}

/** When a service was deployed, and what, where its processes say. */
export interface Deployment {
  readonly service: string
  readonly atMs: number
  readonly version?: string
}

/**
 * The last deployment of each service: of another version than before, where processes tell theirs; else that
 * all of its processes began anew. Only one that is over: while it rolls, old and new ones answer together.
 */
export function deploymentsIn(
  processes: readonly ProcessState[],
  window: Window,
): readonly Deployment[] {
  const services = new Set(processes.map(({ service }) => service))
  return [...services].flatMap(service => {
    const own = processes.filter(one => one.service === service)
    return isOfVersions(own) ? newVersionIn(service, own) : restartIn(service, own, window)
  })
}

const isOfVersions = (processes: readonly ProcessState[]): boolean =>
  new Set(processes.flatMap(({ version }) => version ?? [])).size > 1

function newVersionIn(service: string, own: readonly ProcessState[]): Deployment[] {
  const newest = own.reduce((a, b) => (b.firstMs > a.firstMs ? b : a))
  const { version } = newest
  if (version === undefined) return []
  // Of a version that was taken back the earlier processes are others, too.
  const lastOtherMs = Math.max(
    ...own.filter(one => one.version !== version).map(({ firstMs }) => firstMs),
  )
  const isNew = (one: ProcessState): boolean => one.version === version && one.firstMs > lastOtherMs
  const atMs = Math.min(...own.filter(isNew).map(({ firstMs }) => firstMs))
  const isOver = own.every(one => isNew(one) || one.lastMs < atMs + warmMs)
  return isOver ? [{ service, atMs, version }] : []
}

function restartIn(service: string, own: readonly ProcessState[], window: Window): Deployment[] {
  const first = own.filter(({ firstMs }) => firstMs < window.sinceMs + warmMs)
  const later = own.filter(({ firstMs }) => firstMs >= window.sinceMs + warmMs)
  if (first.length === 0 || later.length === 0) return []
  const atMs = Math.min(...later.map(({ firstMs }) => firstMs))
  const isOver = first.every(({ lastMs }) => lastMs < atMs + warmMs)
  return isOver ? [{ service, atMs }] : []
}

function routesOf(series: readonly Series[]): Map<string, Route> {
  const routes = new Map<string, Route>()
  for (const { service, attributes, histogram } of series) {
    const route = routeOf(attributes)
    const key = JSON.stringify([service, route])
    const known = routes.get(key) ?? { service, route, histogram: emptyHistogram, errors: 0 }
    routes.set(key, {
      ...known,
      histogram: merge(known.histogram, histogram),
      errors: known.errors + (isFailure(attributes) ? histogram.count : 0),
    })
  }
  return routes
}
