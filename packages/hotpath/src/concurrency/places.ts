import { AdaptiveLimit } from './adaptive.js'
import { Line } from './line.js'

/**
 * For how long requests may run one after another before those that have arrived meanwhile are read. Code
 * that does not wait for anything is never two requests under way at once: its crowd stands in the sockets
 * until they are read, and only then can be counted, put in order and refused.
 */
const SLICE_MS = 2
/** Somebody always waited for so long: there is more work than can be done ("Fail at Scale", ACM Queue 2015). */
const OVERLOAD_MS = 100
/**
 * And so many were let in meanwhile: some wait for as long by chance. Simulated, of code that computes for 5 ms: at
 * 0.8 of what it can do 4.8 % are sent away without this, 2.5 % with 40, 0.7 % with 80; at 1.2 the 99th percentile
 * is 39, 57 and 98 ms.
 */
const OVERLOAD_ENTERED = 40
/** Until nobody had to wait for so long: it may begin again at once. */
const CALM_MS = 1_000
/**
 * Or until nobody waited for this part of such a stretch: who has so much time has not too much to do. While the
 * newest go first some are sent away even so, by which alone it would never end. Simulated as above: at 0.7 of what
 * it can do 4.1 % were sent away without this, 1.3 % are with it; from 1.5 times on it changes nothing.
 */
const CALM_SHARE = 0.25
/** Then one may wait only for as long as three requests take, at least this; the newest go first by then. */
const LEAST_WAIT_MS = 5
const OVERLOAD_WAIT = 3
/** How often those who are under way are looked through for those who are not any longer. */
const SWEEP_MS = 5
/** Why somebody was refused. */
export type Refused = 'full' | 'waited' | 'displaced'

/** A request at the door. */
export interface Guest {
  /** 0 is `critical`. */
  readonly priority: number
  /** Its route: any object that stands for it. */
  readonly route: () => object
  /** What it is counted for. */
  readonly label: () => { readonly method: string; readonly template: string | undefined }
  /** It was let in, later than it came. Throws what the app throws. */
  readonly enter: (place: Place, waitedMs: number) => void
  readonly refuse: (reason: Refused) => void
  /** Its client has left. */
  readonly isGone: () => boolean
  /** It goes on for as long as it likes by now: an event-stream, a body that trickles in. */
  readonly isOpenEnded: (nowMs: number, begunMs: number) => boolean
}

/** A place that a request has. */
export interface Place {
  /** Its code has run to where it waits for something, or to its end. */
  ran(): void
  /** It was answered. @param counts Whether its latency says anything. */
  leave(counts: boolean): void
}

/** Settings of one policy, and what it needs of the process. */
export interface PlacesOptions {
  readonly limit: 'adaptive' | number
  readonly min: number
  readonly max: number
  /** How many may wait; undefined: twice the limit, at least 100. */
  readonly queue: number | undefined
  readonly queueMs: number
  /** Counts whom it would have refused, and lets everybody in. */
  readonly shadow: boolean
  readonly now: () => number
  /** Calls back once what has arrived is read: `setImmediate`. */
  readonly soon: (fn: () => void) => void
  readonly after: (ms: number, fn: () => void) => void
  /** Somebody was let in after so long; 0: at once. */
  readonly waited: (ms: number) => void
  /** In shadow: somebody would have been refused. */
  readonly would: (guest: Guest) => void
}

interface InLine {
  readonly priority: number
  readonly sinceMs: number
  readonly guest: Guest
}

/** The places of one policy: who is let in, who waits, and who is sent away. */
export class Places {
  readonly #limit: AdaptiveLimit
  readonly #taken = new Set<Taken>()
  readonly #line = new Line<InLine>()
  /** For how long requests ran in this turn of the event loop, to where they wait for something. */
  #spentMs = 0
  #turns = false
  /** When nobody waited, last. */
  #emptyMs: number
  #overloaded = false
  /** When somebody last waited for long. */
  #pressedMs = 0
  /** Since when nobody waits; -1: somebody does. */
  #quietFromMs: number
  /** A stretch of `CALM_MS`, and for how long nobody waited in it. */
  #stretchMs: number
  #quietMs = 0
  /** Who were let in since somebody waits. */
  #entered = 0
  #sweptMs = 0
  #drains = false
  #watches = false

  constructor(private readonly options: PlacesOptions) {
    const { limit, min, max, now } = options
    // Of a number as well: by it is known how long a request takes without a crowd.
    this.#limit =
      limit === 'adaptive' ? new AdaptiveLimit(min, max) : new AdaptiveLimit(limit, limit)
    this.#emptyMs = this.#quietFromMs = this.#stretchMs = now()
  }

  get limit(): number {
    return this.#limit.limit
  }

  get waiting(): number {
    return this.#line.length
  }

  /** How many are under way now. */
  get inFlight(): number {
    this.#sweep(this.options.now())
    return this.#taken.size
  }

  /** A place now; undefined: the guest waits, or was refused. */
  ask(guest: Guest): Place | undefined {
    const { shadow, waited, would, now } = this.options
    const nowMs = now()
    if (this.#isNext(guest) && this.#hasTime() && this.#isFree(guest.priority, nowMs)) {
      waited(0)
      return this.#take(guest, nowMs)
    }
    if (shadow) {
      if (this.#taken.size >= this.limit + this.#room) would(guest)
      return this.#take(guest, nowMs)
    }
    this.#stand(guest, nowMs)
    return undefined
  }

  /** Some client left before it was let in. */
  gone(): void {
    this.#line.drop(({ guest }) => guest.isGone())
  }

  get #room(): number {
    return this.options.queue ?? Math.max(100, this.limit * 2)
  }

  /** Whether nobody who waits would be let in before: with too much to do the newest goes first. */
  #isNext({ priority }: Guest): boolean {
    if (this.#line.length === 0 || priority === 0) return true
    return this.#overloaded && priority <= this.#line.mostImportant
  }

  /** Others that have arrived are read first, once so much of this turn was spent. */
  #hasTime(): boolean {
    return this.options.shadow || this.#spentMs <= SLICE_MS
  }

  #isFree(priority: number, nowMs: number): boolean {
    // Who asks whether the process lives must not wait for those who are stuck.
    const limit = priority === 0 ? this.limit * 2 : this.limit
    if (this.#taken.size < limit) return true
    if (nowMs - this.#sweptMs >= SWEEP_MS) this.#sweep(nowMs)
    return this.#taken.size < limit
  }

  #take(guest: Guest, nowMs: number): Taken {
    const taken = new Taken(this.#taken.size + 1, guest, nowMs, this)
    this.#taken.add(taken)
    return taken
  }

  /** Of a place: its request has run to where it waits. */
  ran(begunMs: number): void {
    this.#spentMs += this.options.now() - begunMs
    if (this.#turns) return
    this.#turns = true
    this.options.soon(() => {
      this.#turns = false
      this.#spentMs = 0
    })
  }

  /** Of a place: its request was answered. */
  left(taken: Taken, counts: boolean): void {
    if (!this.#taken.delete(taken)) return
    if (counts) {
      const nowMs = this.options.now()
      const { guest, begunMs, inFlight } = taken
      const latencyMs = nowMs - begunMs
      const sample = { route: guest.route(), latencyMs, inFlight, begunMs }
      this.#limit.add(sample, nowMs)
    }
    this.#drainSoon()
  }

  #stand(guest: Guest, nowMs: number): void {
    if (this.#line.length === 0) this.#busyFrom(nowMs)
    else if (nowMs - this.#emptyMs > OVERLOAD_MS && this.#entered >= OVERLOAD_ENTERED) {
      this.#overloaded = true
      this.#pressedMs = nowMs
    }
    if (this.#line.length >= this.#room && !this.#makeRoom(guest, nowMs)) {
      guest.refuse('full')
      return
    }
    this.#line.add({ guest, priority: guest.priority, sinceMs: nowMs })
    this.#drainSoon()
    this.#watch()
  }

  /** With too much work the newest is served: who has waited longest has the least to gain. */
  #makeRoom(guest: Guest, nowMs: number): boolean {
    this.#pressedMs = nowMs
    const gone = this.#line.displace(guest.priority, this.#overloaded)
    gone?.guest.refuse('displaced')
    return gone !== undefined
  }

  /** How long one may wait now. */
  #allowedMs(): number {
    const { queueMs } = this.options
    // Before the first answers nobody knows how long one takes.
    if (!this.#overloaded || this.#limit.baseMs === 0) return queueMs
    return Math.min(queueMs, Math.max(LEAST_WAIT_MS, OVERLOAD_WAIT * this.#limit.baseMs))
  }

  #drainSoon(): void {
    if (this.#drains || this.#line.length === 0) return
    this.#drains = true
    this.options.soon(() => {
      this.#drains = false
      this.#drain()
    })
  }

  #drain(): void {
    this.#spentMs = 0
    try {
      this.#expire(this.options.now())
      while (this.#hasTime()) {
        const nowMs = this.options.now()
        // Critical ones are let in over the limit, so only these are asked for then.
        const most = this.#isFree(1, nowMs) ? 3 : this.#isFree(0, nowMs) ? 0 : -1
        const next = this.#line.take(this.#overloaded, most)
        if (next === undefined) return
        if (next.guest.isGone()) continue
        const waitedMs = nowMs - next.sinceMs
        if (waitedMs > Math.max(LEAST_WAIT_MS, this.#limit.baseMs)) this.#pressedMs = nowMs
        this.options.waited(waitedMs)
        this.#entered++
        next.guest.enter(this.#take(next.guest, nowMs), waitedMs)
      }
    } finally {
      this.#spentMs = 0
      const nowMs = this.options.now()
      this.#calm(nowMs)
      // Those for whom there is a place already; the others are called when one is given back.
      if (this.#isFree(1, nowMs)) this.#drainSoon()
    }
  }

  /** Somebody begins to wait. */
  #busyFrom(nowMs: number): void {
    this.#emptyMs = nowMs
    this.#entered = 0
    if (this.#quietFromMs >= 0)
      this.#quietMs += nowMs - Math.max(this.#quietFromMs, this.#stretchMs)
    this.#quietFromMs = -1
  }

  /** After some were let in: whether there is too much to do still. */
  #calm(nowMs: number): void {
    if (this.#line.length === 0) {
      this.#emptyMs = nowMs
      if (this.#quietFromMs < 0) this.#quietFromMs = nowMs
    }
    if (nowMs - this.#pressedMs > CALM_MS) this.#overloaded = false
    const tookMs = nowMs - this.#stretchMs
    if (tookMs < CALM_MS) return
    const quietMs = this.#quietFromMs < 0 ? 0 : nowMs - Math.max(this.#quietFromMs, this.#stretchMs)
    if (this.#quietMs + quietMs >= tookMs * CALM_SHARE) this.#overloaded = false
    this.#stretchMs = nowMs
    this.#quietMs = 0
  }

  #expire(nowMs: number): void {
    for (const { guest } of this.#line.expired(nowMs - this.#allowedMs())) {
      this.#pressedMs = nowMs
      if (!guest.isGone()) guest.refuse('waited')
    }
  }

  /** Also where no place is given back those who wait are told in time. */
  #watch(): void {
    if (this.#watches || this.#line.length === 0) return
    this.#watches = true
    this.options.after(Math.min(this.#allowedMs(), SWEEP_MS * 2), () => {
      this.#watches = false
      this.#expire(this.options.now())
      this.#watch()
      // A place may have become free that nobody gave back: of an event-stream.
      if (this.#isFree(1, this.options.now())) this.#drainSoon()
    })
  }

  /** Event-streams and the like leave the count without leaving. */
  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs
    for (const taken of this.#taken)
      if (taken.guest.isOpenEnded(nowMs, taken.begunMs)) this.#taken.delete(taken)
  }
}

class Taken implements Place {
  constructor(
    /** How many were under way, itself included. */
    readonly inFlight: number,
    readonly guest: Guest,
    readonly begunMs: number,
    private readonly of: Places,
  ) {}

  ran(): void {
    this.of.ran(this.begunMs)
  }

  leave(counts: boolean): void {
    this.of.left(this, counts)
  }
}
