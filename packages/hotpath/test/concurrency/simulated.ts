import {
  Places,
  type Guest,
  type Place,
  type PlacesOptions,
  type Refused,
} from '../../dist/concurrency/places.js'

/** How a simulated request came out. */
export interface Outcome {
  readonly priority: number
  readonly arrivedMs: number
  /** Undefined: it was served. */
  readonly refused: Refused | undefined
  /** From its coming to its answer. */
  readonly tookMs: number
}

/** A server that is simulated: time passes only when nothing is left to do at it. */
export class SimulatedServer {
  nowMs = 0
  /** What it takes to send somebody away. */
  refusalMs = 0
  /** Its code waits for nothing: who is let in is answered before anybody else is read. */
  computes = false
  readonly outcomes: Outcome[] = []
  readonly limits: number[] = []
  readonly places: Places
  readonly #events: { atMs: number; fn: () => void }[] = []
  /** Of the thing behind the server, such as a pool: those who wait for one of its connections. */
  readonly #behind: (() => void)[] = []
  #busy = 0

  constructor(
    /** So many are served at once, each in `serviceMs`; the others wait behind. */
    public connections: number,
    public serviceMs: number,
    options: Partial<PlacesOptions> = {},
    readonly random = seeded(1),
  ) {
    this.places = new Places({
      limit: 'adaptive',
      min: 2,
      max: 1_000,
      queue: undefined,
      queueMs: 100,
      shadow: false,
      now: () => this.nowMs,
      soon: fn => this.at(0, fn),
      after: (ms, fn) => this.at(ms, fn),
      waited: () => {},
      would: () => {},
      ...options,
    })
  }

  at(inMs: number, fn: () => void): void {
    const atMs = this.nowMs + inMs
    // The list is in order; most belong near its end.
    let place = this.#events.length
    while (place > 0 && (this.#events[place - 1] as { atMs: number }).atMs > atMs) place--
    this.#events.splice(place, 0, { atMs, fn })
  }

  /** Requests come at this rate, at random moments, from now on for so long. */
  load(perSecond: number, ms: number, priority = 2): void {
    let comesMs = this.nowMs
    const endMs = comesMs + ms
    const next = (): void => {
      if (comesMs >= endMs) return
      this.arrive(priority, comesMs)
      comesMs += (-Math.log(1 - this.random()) * 1_000) / perSecond
      this.at(comesMs - this.nowMs, next)
    }
    this.at(0, next)
  }

  /** @param arrivedMs When it came; it may be read later. */
  arrive(priority: number, arrivedMs = this.nowMs): void {
    const end = (refused?: Refused): void =>
      void this.outcomes.push({ priority, arrivedMs, refused, tookMs: this.nowMs - arrivedMs })
    const enter = (place: Place): void => {
      this.#serve(() => {
        place.leave(true)
        this.limits.push(this.places.limit)
        end()
      })
      place.ran()
    }
    const guest: Guest = {
      priority,
      route: () => this,
      label: () => ({ method: 'GET', template: '/' }),
      enter,
      refuse: reason => {
        this.nowMs += this.refusalMs
        end(reason)
      },
      isGone: () => false,
      isOpenEnded: () => false,
    }
    const place = this.places.ask(guest)
    if (place !== undefined) enter(place)
  }

  #serve(done: () => void): void {
    if (this.computes) {
      this.nowMs += this.serviceMs * (0.8 + 0.4 * this.random())
      this.at(0, done)
      return
    }
    const begin = (): void => {
      this.#busy++
      this.at(this.serviceMs * (0.8 + 0.4 * this.random()), () => {
        this.#busy--
        this.#behind.shift()?.()
        done()
      })
    }
    if (this.#busy < this.connections) begin()
    else this.#behind.push(begin)
  }

  /** Runs what is to come until this time. */
  run(untilMs: number): void {
    for (;;) {
      const next = this.#events[0]
      if (next === undefined || next.atMs > untilMs) break
      this.#events.shift()
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.fn()
    }
    this.nowMs = untilMs
  }

  /** Of those who came in this stretch. */
  between(fromMs: number, toMs: number): readonly Outcome[] {
    return this.outcomes.filter(({ arrivedMs }) => arrivedMs >= fromMs && arrivedMs < toMs)
  }
}

/** The value that this part of the served stays under. */
export function quantile(outcomes: readonly Outcome[], part: number): number {
  const served = outcomes.filter(({ refused }) => refused === undefined).map(({ tookMs }) => tookMs)
  return served.toSorted((a, b) => a - b)[Math.floor(part * served.length)] ?? Number.NaN
}

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
