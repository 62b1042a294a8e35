/** A window has to be this long and to have seen so many requests before it says anything. */
const WINDOW_MS = 100
const LEAST_SAMPLES = 10
/** Of one route in one window; more say no more. */
const MOST_SAMPLES = 64
/** Routes that are told apart; all others are one. */
const MOST_ROUTES = 200

/** Latency that may come of sharing: over this the limit goes down. Netflix's gradient2 has 1.5. */
const TOLERANCE = 1.3
/** A window moves the limit by a fifth of what it asks for: one odd window does little. */
const SMOOTHING = 0.2
/** As many at once are no crowd: Envoy measures with as many. */
const NO_CROWD = 3
/** Under load the latency without a crowd is measured again this often; Envoy does it every 60 s. */
const PROBE_EVERY_MS = 20_000
const FIRST_PROBE_MS = 300
/** At most a fiftieth of the time is spent with that. */
const PROBE_SHARE = 50
/** So many answers tell it; else it is given up. */
const PROBE_SAMPLES = 20
const MOST_PROBE_MS = 2_000
/** Latencies of requests that take next to no time differ by as much without a crowd. */
const SLACK_MS = 2

interface RouteLatency {
  /** Latency without a crowd, as far as it is known. */
  baseMs: number
  readonly window: number[]
  readonly probe: number[]
}

/** What is to know of a request that was answered. */
export interface Sample {
  /** Its route: any object that stands for it. */
  readonly route: object
  readonly latencyMs: number
  /** How many were under way when it began, itself included, and when that was. */
  readonly inFlight: number
  readonly begunMs: number
}

/**
 * How many requests may be under way so that they do not make each other slow. Where latency stays what it is
 * without a crowd the limit rises, by its square root; where it is higher the limit falls with the quotient
 * of the two: the gradient of Netflix's concurrency-limits (its `Gradient2Limit`), with the latency
 * without a crowd measured from time to time as in Envoy's adaptive concurrency, rather than averaged over all
 * that was measured: an average learns an overload that lasts. Each route is compared with itself, so that
 * one limit may be shared by fast and slow ones.
 */
export class AdaptiveLimit {
  #limit: number
  readonly #routes = new Map<object, RouteLatency>()
  readonly #others: RouteLatency = latency()
  #windowMs = -1
  #samples = 0
  /** The most that were under way in this window. */
  #peak = 0
  #isLoaded = false
  #probeBegunMs = -1
  #nextProbeMs = -1

  constructor(
    readonly min: number,
    readonly max: number,
  ) {
    this.#limit = Math.min(max, Math.max(min, 20))
  }

  get limit(): number {
    const limit = Math.floor(this.#limit)
    return this.#probeBegunMs < 0 ? limit : Math.min(limit, Math.max(this.min, NO_CROWD))
  }

  /** Latency without a crowd, of the routes together, by how often they came; 0: not known yet. */
  baseMs = 0

  /** A request was answered, and not with an error of the server: those are fast, or slow, by themselves. */
  add(sample: Sample, nowMs: number): void {
    const { route, latencyMs, inFlight, begunMs } = sample
    const of = this.#of(route)
    if (of.window.length < MOST_SAMPLES) of.window.push(latencyMs)
    this.#samples++
    this.#peak = Math.max(this.#peak, inFlight)
    if (this.#windowMs < 0) this.#windowMs = nowMs
    if (this.#probeBegunMs >= 0) this.#probe(of, sample, nowMs)
    if (nowMs - this.#windowMs < WINDOW_MS || this.#samples < LEAST_SAMPLES) return
    this.#adjust(nowMs)
    if (this.#probeBegunMs < 0 && begunMs >= 0) this.#mayProbe(nowMs)
  }

  #of(route: object): RouteLatency {
    const known = this.#routes.get(route)
    if (known !== undefined) return known
    if (this.#routes.size >= MOST_ROUTES) return this.#others
    const of = latency()
    this.#routes.set(route, of)
    return of
  }

  #adjust(nowMs: number): void {
    const isLoaded = this.#peak * 2 >= this.#limit
    this.#isLoaded = isLoaded
    let weights = 0
    let ratios = 0
    let bases = 0
    for (const of of [...this.#routes.values(), this.#others]) {
      const { window } = of
      if (window.length === 0) continue
      const middleMs = median(window)
      // Faster than was thought possible, or nobody there to be slow for: this is how fast it is.
      if (of.baseMs === 0 || middleMs < of.baseMs) of.baseMs = middleMs
      else if (this.#peak <= NO_CROWD) of.baseMs += (middleMs - of.baseMs) * 0.1
      weights += window.length
      ratios += (window.length * (middleMs + SLACK_MS)) / (of.baseMs + SLACK_MS)
      bases += window.length * of.baseMs
      window.length = 0
    }
    this.baseMs = bases / weights
    this.#move(ratios / weights, isLoaded)
    this.#windowMs = nowMs
    this.#samples = 0
    this.#peak = 0
  }

  #move(ratio: number, isLoaded: boolean): void {
    // While it is measured with few, that says nothing of all.
    if (this.#probeBegunMs >= 0) return
    const gradient = Math.min(1, Math.max(0.5, TOLERANCE / ratio))
    // A limit that nobody comes near to is not known to be right: it stays.
    if (gradient === 1 && !isLoaded) return
    // What may wait behind: much where nobody waits yet, so that it finds the limit soon.
    const room = Math.sqrt(this.#limit) * (gradient === 1 ? 1 : 0.5)
    const wanted = this.#limit * gradient + room
    const next = this.#limit + (wanted - this.#limit) * SMOOTHING
    this.#limit = Math.min(this.max, Math.max(this.min, next))
  }

  #mayProbe(nowMs: number): void {
    if (!this.#isLoaded) return
    // The first of all may have come in a crowd: what they took is not to be believed.
    if (this.#nextProbeMs < 0) this.#nextProbeMs = nowMs + FIRST_PROBE_MS
    // At its least it cannot tell by itself that all has become slower, and not because of a crowd.
    const isStuck = this.#limit <= this.min && nowMs > this.#nextProbeMs - PROBE_EVERY_MS * 0.9
    if (isStuck || nowMs >= this.#nextProbeMs) this.#probeBegunMs = nowMs
  }

  /** Measures with few at once, of those that began when the others were gone. */
  #probe(of: RouteLatency, { latencyMs, inFlight, begunMs }: Sample, nowMs: number): void {
    if (begunMs >= this.#probeBegunMs && inFlight <= this.limit) of.probe.push(latencyMs)
    const all = [...this.#routes.values(), this.#others]
    const tookMs = nowMs - this.#probeBegunMs
    const enough = all.reduce((sum, { probe }) => sum + probe.length, 0) >= PROBE_SAMPLES
    if (!enough && tookMs < MOST_PROBE_MS) return
    for (const each of all) {
      if (each.probe.length >= 5) each.baseMs = median(each.probe)
      each.probe.length = 0
    }
    this.#probeBegunMs = -1
    this.#nextProbeMs = nowMs + Math.max(PROBE_EVERY_MS, tookMs * PROBE_SHARE)
  }
}

const latency = (): RouteLatency => ({ baseMs: 0, window: [], probe: [] })

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
