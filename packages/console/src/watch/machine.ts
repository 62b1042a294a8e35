import type { Reading } from './reading.js'

/**
 * The life of one alert:
 *
 *     inactive ── over ──► pending ── over, and began `for` ago ──► firing
 *        ▲ ◄── under ─────────┘                                       │ under for `for`
 *        └──────────── an hour ─────────────── resolved ◄─────────────┘
 *
 * A reading `between` bound and clear keeps a state and counts for neither. `unknown` counts for neither
 * too, until nothing was known for a while: exporters of OpenTelemetry send once a minute by default, and
 * in between nothing is to be seen.
 */
export interface AlertState {
  readonly state: 'inactive' | 'pending' | 'firing' | 'resolved'
  /** When it came into this state, in milliseconds since 1970; null when inactive from the start. */
  readonly sinceMs: number | null
  /** When it first was over the bound; kept while it fires. */
  readonly beganMs: number | null
  /** Since when it has been under; null when it is not. */
  readonly clearSinceMs: number | null
  /** When something was last known of it. */
  readonly heardMs: number
  readonly last: Reading
}

export interface Advance {
  readonly after: AlertState
  /** `quiet`: resolved, since too few requests come to say anything. */
  readonly event: 'fired' | 'resolved' | 'quiet' | undefined
}

/** Two reports of an exporter that sends once a minute. */
const quietPendingMs = 120_000
/** A service that is down gets no requests: an alert must not end by that at once. */
const quietFiringMs = 900_000
const shownResolvedMs = 3_600_000

export const inactive = (last: Reading, atMs: number): AlertState => ({
  state: 'inactive',
  sinceMs: null,
  beganMs: null,
  clearSinceMs: null,
  heardMs: atMs,
  last,
})

/** The state after one more reading, at the end of its window. Pure. */
export function advance(before: AlertState, last: Reading, atMs: number, forMs: number): Advance {
  const heardMs = last.says === 'unknown' ? before.heardMs : atMs
  const same = { ...before, heardMs, last }
  const stay: Advance = { after: same, event: undefined }
  const quietMs = atMs - heardMs
  const idle = { ...inactive(last, heardMs), sinceMs: atMs }
  switch (before.state) {
    case 'inactive':
    case 'resolved': {
      if (last.says === 'over') return { after: begun(same, atMs), event: undefined }
      const over = before.state === 'resolved' && atMs - (before.sinceMs ?? 0) >= shownResolvedMs
      return over ? { after: idle, event: undefined } : stay
    }
    case 'pending': {
      if (last.says === 'under' || quietMs >= Math.max(forMs, quietPendingMs))
        return { after: idle, event: undefined }
      if (last.says !== 'over' || atMs - (before.beganMs ?? atMs) < forMs) return stay
      return { after: { ...same, state: 'firing', sinceMs: atMs }, event: 'fired' }
    }
    case 'firing': {
      const clearSinceMs =
        last.says === 'under'
          ? (before.clearSinceMs ?? atMs)
          : last.says === 'unknown'
            ? before.clearSinceMs
            : null
      const quiet = quietMs >= Math.max(3 * forMs, quietFiringMs)
      const clear = last.says === 'under' && clearSinceMs !== null && atMs - clearSinceMs >= forMs
      if (!quiet && !clear) return { after: { ...same, clearSinceMs }, event: undefined }
      return {
        after: { ...same, state: 'resolved', sinceMs: atMs, beganMs: null, clearSinceMs: null },
        event: clear ? 'resolved' : 'quiet',
      }
    }
  }
}

const begun = (state: AlertState, atMs: number): AlertState => ({
  ...state,
  state: 'pending',
  sinceMs: atMs,
  beganMs: atMs,
  clearSinceMs: null,
})

/** After a time in which nobody watched, what had lasted has to last anew. */
export function afterGap(state: AlertState, atMs: number): AlertState {
  if (state.state === 'pending') return { ...inactive(state.last, atMs), sinceMs: atMs }
  return { ...state, clearSinceMs: null, heardMs: atMs }
}
