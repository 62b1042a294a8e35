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
/** The same for processes and their metrics. */
const senderLimit = 5_000

/**
 * Turns totals into what came on top, per series. The first total of a series is only a base to
 * subtract from, when its process is older than this console: what was counted before is in the store
 * already, or was never watched. But a series that appears in a later export of a process whose earlier
 * one was seen is new, and counts whole. A total that starts anew (a new start time, or fewer than
 * before) counts whole. Totals are taken as the last ones only when `commit` is called, so that a write
 * that failed can be sent again.
 */
export class CumulativeToDelta {
  readonly #last = new Map<string, Total>()
  /** When the first and the latest export of a metric of a process was made. */
  readonly #exports = new Map<string, { readonly firstNs: bigint; readonly lastNs: bigint }>()
  readonly #sinceNs: bigint
  #forgot = false

  constructor(sinceNs: bigint) {
    this.#sinceNs = sinceNs
  }

  /** Begins one request. `sender` is the metric of one process, `series` one set of its attributes. */
  begin(): {
    delta(sender: string, series: string, total: Total): Delta | undefined
    commit(): void
  } {
    const changed = new Map<string, Total>()
    const exported = new Map<string, bigint>()
    return {
      delta: (sender, series, total) => {
        const key = `${sender} ${series}`
        const last = changed.get(key) ?? this.#last.get(key)
        if (last !== undefined && total.timeNs <= last.timeNs) return undefined
        changed.set(key, total)
        exported.set(sender, total.timeNs)
        return last === undefined ? this.#first(sender, total) : subtract(last, total)
      },
      commit: () => {
        for (const [sender, timeNs] of exported) this.#note(sender, timeNs)
        for (const [key, total] of changed) this.#remember(key, total)
      },
    }
  }

  #first(sender: string, total: Total): Delta | undefined {
    const whole = { startNs: total.startNs, endNs: total.timeNs, value: total.value }
    if (total.startNs >= this.#sinceNs) return whole
    const seen = this.#exports.get(sender)
    // One export may come in several requests: they are of one time. And what was forgotten is not new.
    if (seen === undefined || this.#forgot || total.timeNs <= seen.firstNs) return undefined
    return { ...whole, startNs: seen.lastNs < total.timeNs ? seen.lastNs : seen.firstNs }
  }

  #note(sender: string, timeNs: bigint): void {
    const seen = this.#exports.get(sender)
    this.#exports.delete(sender)
    this.#exports.set(sender, { firstNs: seen?.firstNs ?? timeNs, lastNs: timeNs })
    if (this.#exports.size > senderLimit) this.#drop(this.#exports)
  }

  #remember(key: string, total: Total): void {
    this.#last.delete(key)
    this.#last.set(key, total)
    if (this.#last.size <= seriesLimit) return
    this.#forgot = true
    this.#drop(this.#last)
  }

  #drop(map: Map<string, unknown>): void {
    const oldest = map.keys().next()
    if (!oldest.done) map.delete(oldest.value)
  }
}

function subtract(last: Total, total: Total): Delta {
  if (total.startNs > last.startNs)
    return { startNs: total.startNs, endNs: total.timeNs, value: total.value }
  const value = difference(total.value, last.value)
  return { startNs: last.timeNs, endNs: total.timeNs, value: value ?? total.value }
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
