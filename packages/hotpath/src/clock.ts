/**
 * The only source of time in this package. Everything that needs the time takes a `Clock`,
 * so that a test can hand in its own and never has to sleep.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start, monotonic, with a fraction. */
  now(): number
  /** Milliseconds since 1970, with a fraction, of the moment that `now()` calls 0. */
  readonly origin: number
}

/** Kept: the global is a getter, which costs as much as the clock behind it. */
const { performance } = globalThis

/**
 * A laptop that slept, or a clock that was set, moves the wall clock against the monotonic one.
 * Below this the difference is the jitter of reading two clocks, and spans of one process keep
 * their exact distances.
 */
const STEP_MS = 50

let originMs = performance.timeOrigin

/** The clock of this process. `now()` costs about 40 ns. */
export const clock: Clock = {
  now: () => performance.now(),
  get origin() {
    const measuredMs = Date.now() - performance.now()
    if (Math.abs(measuredMs - originMs) > STEP_MS) originMs = measuredMs
    return originMs
  },
}
