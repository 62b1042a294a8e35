import type { RouteStats } from './routes.js'

/** How many traces are kept in a second; the histograms count all requests whatever these say. */
export interface SampleRates {
  /** Of one route: of no special interest. */
  readonly ordinaryPerSecond: number
  /** Of one route: slower than its 95th percentile. */
  readonly slowPerSecond: number
  /** Of one route: answered with 5xx, or given up by the client. */
  readonly errorsPerSecond: number
  /** Of all routes together. */
  readonly tracesPerSecond: number
  /** Of all routes together: one trace may have 5,000 spans, and a span costs 3 us to hand over. */
  readonly spansPerSecond: number
}

export const PRODUCTION_RATES: SampleRates = {
  ordinaryPerSecond: 0.5,
  slowPerSecond: 2,
  errorsPerSecond: 2,
  tracesPerSecond: 50,
  spansPerSecond: 5000,
}

/** With `HOTPATH_MODE=dev` somebody watches, and the load is small. */
export const DEV_RATES: SampleRates = {
  ordinaryPerSecond: 20,
  slowPerSecond: 20,
  errorsPerSecond: 20,
  tracesPerSecond: 200,
  spansPerSecond: 20_000,
}

/** More than any process can do: `hotpath check` judges every request. Finite, since 0 s of it must be 0. */
const ANY = 1e9
export const ALL_RATES: SampleRates = {
  ordinaryPerSecond: ANY,
  slowPerSecond: ANY,
  errorsPerSecond: ANY,
  tracesPerSecond: ANY,
  spansPerSecond: ANY,
}

/** Nothing is kept. */
export const NO_RATES: SampleRates = {
  ordinaryPerSecond: 0,
  slowPerSecond: 0,
  errorsPerSecond: 0,
  tracesPerSecond: 0,
  spansPerSecond: 0,
}

export type Reason = 'new' | 'error' | 'slow' | 'ordinary' | 'upstream'

/** The first of a route, and of each class of status on it, are kept: this many. */
const NEW = 5
/** Fewer requests say nothing about a 95th percentile. */
const SLOW_AFTER = 20
/** The estimate moves about the percentile: a route that always takes the same has no slow ones. */
const SLOW_MARGIN = 1.1
/** The running percentile moves by this part of itself: fast enough to follow a deploy. */
const P95_STEP = 0.02

/** A request that ended. */
export interface Candidate {
  readonly stats: RouteStats
  readonly durationMs: number
  /** First digit of the status; 0 when the client left. */
  readonly statusClass: number
  readonly spans: number
  /** A caller that is believed kept its trace. */
  readonly upstream: boolean
  /** Already promised, when an id left the process. */
  readonly promised: Reason | undefined
}

/** Keeps traces by what they are worth: new, failed and slow ones first, a fair share of the rest. */
export class Sampler {
  private traces: number
  private spans: number
  private filledMs = 0

  constructor(private readonly rates: SampleRates) {
    this.traces = rates.tracesPerSecond
    this.spans = rates.spansPerSecond
  }

  /** Why the trace is kept, or undefined. Every request must be shown once, when it ends. */
  judge(request: Candidate, nowMs: number): Reason | undefined {
    const { stats, durationMs, statusClass, spans, promised } = request
    const slow = stats.seen >= SLOW_AFTER && durationMs > stats.p95Ms * SLOW_MARGIN
    observe(stats, durationMs)
    this.fill(stats, nowMs)
    const failed = statusClass === 5 || statusClass === 0
    if (promised !== undefined) {
      this.spans -= spans
      return failed ? 'error' : slow ? 'slow' : promised
    }
    if (this.traces < 1 || this.spans <= 0) return undefined
    const reason = this.worth(request, slow, failed)
    if (reason !== undefined) {
      this.traces--
      this.spans -= spans
    }
    return reason
  }

  /** Promises, before the end, to keep a trace whose ids are about to leave the process. */
  promise(stats: RouteStats, upstream: boolean, nowMs: number): Reason | undefined {
    this.fill(stats, nowMs)
    if (this.traces < 1 || this.spans <= 0) return undefined
    const reason = upstream
      ? 'upstream'
      : takeNew(stats, 2)
        ? 'new'
        : take(stats, 'ordinary')
          ? 'ordinary'
          : undefined
    if (reason !== undefined) this.traces--
    return reason
  }

  /** Whether one more span of a trace that is kept, and ended, has its place in this second. */
  late(nowMs: number): boolean {
    this.fillAll(nowMs)
    if (this.spans <= 0) return false
    this.spans--
    return true
  }

  private worth({ stats, statusClass, upstream }: Candidate, slow: boolean, failed: boolean) {
    if (takeNew(stats, statusClass)) return 'new'
    if (failed && take(stats, 'error')) return 'error'
    if (slow && take(stats, 'slow')) return 'slow'
    if (upstream) return 'upstream'
    if (take(stats, 'ordinary')) return 'ordinary'
    return undefined
  }

  private fillAll(nowMs: number): void {
    const { rates } = this
    const seconds = Math.max(0, nowMs - this.filledMs) / 1000
    this.filledMs = nowMs
    this.traces = Math.min(rates.tracesPerSecond, this.traces + seconds * rates.tracesPerSecond)
    this.spans = Math.min(rates.spansPerSecond, this.spans + seconds * rates.spansPerSecond)
  }

  private fill(stats: RouteStats, nowMs: number): void {
    this.fillAll(nowMs)
    const { rates } = this
    const { allowance } = stats
    const routeSeconds = Math.max(0, nowMs - allowance.filledMs) / 1000
    allowance.filledMs = nowMs
    allowance.ordinary = filled(allowance.ordinary, routeSeconds, rates.ordinaryPerSecond)
    allowance.slow = filled(allowance.slow, routeSeconds, rates.slowPerSecond)
    allowance.error = filled(allowance.error, routeSeconds, rates.errorsPerSecond)
  }
}

/** An allowance holds a second's worth, at least one. */
function filled(unspent: number, seconds: number, perSecond: number): number {
  return Math.min(Math.max(1, perSecond), unspent + seconds * perSecond)
}

function take({ allowance }: RouteStats, kind: 'ordinary' | 'slow' | 'error'): boolean {
  if (allowance[kind] < 1) return false
  allowance[kind]--
  return true
}

function takeNew({ keptNew }: RouteStats, statusClass: number): boolean {
  const kept = keptNew[statusClass] ?? NEW
  if (kept >= NEW) return false
  keptNew[statusClass] = kept + 1
  return true
}

/**
 * A running quantile without buckets: it goes up by 19 steps when exceeded and down by one when
 * not, so it rests where one in twenty exceeds it. The first requests set it to their maximum.
 */
function observe(stats: RouteStats, durationMs: number): void {
  stats.seen++
  if (stats.seen <= SLOW_AFTER) stats.p95Ms = Math.max(stats.p95Ms, durationMs)
  else if (durationMs > stats.p95Ms) stats.p95Ms *= 1 + P95_STEP * 0.95
  else stats.p95Ms *= 1 - P95_STEP * 0.05
}
