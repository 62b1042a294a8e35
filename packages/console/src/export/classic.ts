import type { Histogram } from '../model.js'
import { numberText } from './exposition.js'

/**
 * The bounds of the classic buckets, in half powers of two from 0.5 ms to 16 s. A power of 2^(1/2) is a
 * bound of every exponential histogram of scale 1 and above (the recorder's has scale 4, an SDK's of a
 * duration rarely under 3), so each bucket counts exactly what lies in it, and 0.25, 0.5, 1, 2 and 4 s
 * are among the bounds. Within a bucket Prometheus draws a straight line: a quantile is off by a factor
 * of 2^(1/2) at worst, and by 21 % when the values lie anywhere in the bucket as a rule.
 */
const [lowest, highest] = [-22, 8]
export const bounds: readonly number[] = Array.from(
  { length: highest - lowest + 1 },
  (_, i) => 2 ** ((lowest + i) / 2),
)

/** As the label `le` has it: one text in both forms, else a scraper that changes form doubles the series. */
export const leTexts: readonly string[] = [...bounds, Number.POSITIVE_INFINITY].map(numberText)

/** The classic bucket of a value in seconds: an index of `leTexts`. */
export const bucketOf = (seconds: number): number =>
  seconds <= 0 ? 0 : clamp(Math.ceil(2 * Math.log2(seconds)))

/** Adds a histogram to counts by classic bucket (not yet summed up). */
export function addClassic(counts: number[], histogram: Histogram): void {
  const { scale, offset, buckets, zeroCount } = histogram
  counts[0] = (counts[0] ?? 0) + zeroCount
  const width = 2 ** scale
  for (let k = 0; k < buckets.length; k++) {
    const count = buckets[k] as number
    if (count === 0) continue
    // Below scale 1 a bucket is wider than a classic one: it counts where its middle lies.
    const power = (offset + k + (scale < 1 ? 0.5 : 1)) / width
    const at = clamp(Math.ceil(2 * power))
    counts[at] = (counts[at] ?? 0) + count
  }
}

const clamp = (halfPower: number): number =>
  Math.min(highest + 1, Math.max(lowest, halfPower)) - lowest
