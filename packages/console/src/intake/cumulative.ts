import type { Histogram } from '../model.js'
import { lowerScale } from './histogram.js'

/** A total since `startNs`, as of `timeNs`. Counters have a histogram of count 0 and their total in `sum`. */
export interface Total {
  readonly startNs: bigint
  readonly timeNs: bigint
  readonly value: Histogram
}

/** What came on top since the last report. */
export interface Delta {
  readonly startNs: bigint
  readonly endNs: bigint
  readonly value: Histogram
}

/** Series whose last total is remembered; of more, the one that was silent longest is forgotten. */
const seriesLimit = 20_000

/**
 * Turns totals into what came on top, per series. The first total of a series is only a base to
 * subtract from, unless its process started after this console did: what was counted before is in the
 * store already, or was never watched. A total that starts anew (a new start time, or fewer than
 * before) counts whole. Totals are taken as the last ones only when `commit` is called, so that a
 * write that failed can be sent again.
 */
export class CumulativeToDelta {
  readonly #last = new Map<string, Total>()
  readonly #sinceNs: bigint

  constructor(sinceNs: bigint) {
    this.#sinceNs = sinceNs
  }

  /** Begins one request. */
  begin(): { delta(series: string, total: Total): Delta | undefined; commit(): void } {
    const changed = new Map<string, Total>()
    return {
      delta: (series, total) => {
        const last = changed.get(series) ?? this.#last.get(series)
        if (last !== undefined && total.timeNs <= last.timeNs) return undefined
        changed.set(series, total)
        return this.#subtract(last, total)
      },
      commit: () => {
        for (const [series, total] of changed) this.#remember(series, total)
      },
    }
  }

  #subtract(last: Total | undefined, total: Total): Delta | undefined {
    const whole = { startNs: total.startNs, endNs: total.timeNs, value: total.value }
    if (last === undefined) return total.startNs >= this.#sinceNs ? whole : undefined
    if (total.startNs > last.startNs) return whole
    const value = difference(total.value, last.value)
    return { startNs: last.timeNs, endNs: total.timeNs, value: value ?? total.value }
  }

  #remember(series: string, total: Total): void {
    this.#last.delete(series)
    this.#last.set(series, total)
    if (this.#last.size <= seriesLimit) return
    const oldest = this.#last.keys().next()
    if (!oldest.done) this.#last.delete(oldest.value)
  }
}

/** `now` less `before`, or undefined when something has become less: it was reset. */
function difference(now: Histogram, before: Histogram): Histogram | undefined {
  const scale = Math.min(now.scale, before.scale)
  const a = lowerScale(now, now.scale - scale)
  const b = lowerScale(before, before.scale - scale)
  const end = Math.max(a.offset + a.buckets.length, b.offset + b.buckets.length)
  const offset = Math.min(a.offset, b.offset)
  const buckets = Array.from(
    { length: end - offset },
    (_, k) => (a.buckets[offset + k - a.offset] ?? 0) - (b.buckets[offset + k - b.offset] ?? 0),
  )
  const count = a.count - b.count
  const zeroCount = a.zeroCount - b.zeroCount
  const sum = a.sum - b.sum
  if (count < 0 || zeroCount < 0 || sum < 0 || buckets.some(n => n < 0)) return undefined
  // Smallest and largest of the difference are not known.
  return { count, sum, scale, zeroCount, offset, buckets }
}
