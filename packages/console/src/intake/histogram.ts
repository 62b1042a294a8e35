import type { Histogram } from '../model.js'

/**
 * The scale of the histograms that are made here: buckets grow by 2^(1/16) = 4.4 %, so a percentile
 * is off by 4.4 % at most. It is also the recorder's scale, so merging with its points loses nothing.
 */
const madeScale = 4

/** Scales above this are brought down: buckets of 0.3 % tell nothing more about a request. */
const highestScale = 8
/** Buckets of a point that are kept; SDKs send at most 160. */
const bucketLimit = 320

/** The bucket that counts `value` seconds, which is above 0. */
export const bucketOf = (value: number, scale: number): number =>
  Math.ceil(Math.log2(value) * 2 ** scale) - 1

/** The histogram of some durations in seconds. */
export function fromValues(values: readonly number[]): Histogram {
  const spread = new Spread()
  let [sum, zeroCount, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    sum += value
    if (value < min) min = value
    if (value > max) max = value
    if (value > 0) spread.count(value)
    else zeroCount++
  }
  return {
    count: values.length,
    sum,
    ...(values.length > 0 ? { min, max } : {}),
    scale: madeScale,
    zeroCount,
    ...spread.take(),
  }
}

export interface Explicit {
  readonly sum: number
  readonly min?: number
  readonly max?: number
  /** Upper bounds in seconds, ascending; the last count is of what lies above the last bound. */
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
}

/**
 * An explicit-bucket histogram as an exponential one. Nothing is known of where in its bucket a value
 * lies, so the count of a bucket is spread evenly over the exponential buckets in it: a percentile
 * stays inside the explicit bucket (plus 4.4 %), and its error is at most that bucket's width. The
 * first bucket begins at the minimum, the last ends at the maximum; where these are unknown, a factor
 * of 2 below the first bound and just above the last one.
 */
export function fromExplicit(explicit: Explicit): Histogram {
  const { bounds, counts, min, max } = explicit
  const spread = new Spread()
  let zeroCount = 0
  for (const [i, count] of counts.entries()) {
    if (count === 0) continue
    const [lower, upper] = [bounds[i - 1], bounds[i]]
    const high = Math.min(upper ?? Number.POSITIVE_INFINITY, max ?? Number.POSITIVE_INFINITY)
    const to = Number.isFinite(high) ? high : (lower ?? 0)
    if (to <= 0) zeroCount += count
    else spread.add(count, Math.max(lower ?? 0, min ?? 0) || to / 2, to)
  }
  const total = counts.reduce((a, b) => a + b, 0)
  return {
    count: total,
    sum: explicit.sum,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    scale: madeScale,
    zeroCount,
    ...spread.take(),
  }
}

/**
 * Durations are told apart from a nanosecond to four months; what lies outside is counted at the end.
 * So a point has at most 851 buckets, however far apart a sender sets its bounds.
 */
const [shortest, longest] = [1e-9, 1e7]
const [lowest, highest] = [bucketOf(shortest, madeScale), bucketOf(longest, madeScale)]
/** Used again for each point: a request may have 50,000. */
const scratch = new Float64Array(highest - lowest + 1)

class Spread {
  #first = scratch.length
  #last = -1

  /** Counts one value. */
  count(value: number): void {
    const at = placeOf(value)
    scratch[at] = (scratch[at] as number) + 1
    if (at < this.#first) this.#first = at
    if (at > this.#last) this.#last = at
  }

  /** Adds `count` to the buckets of (from, to], whole counts each, the rest to the upper ones. */
  add(count: number, from: number, to: number): void {
    const last = placeOf(to)
    const first = Math.min(last, placeOf(from) + 1)
    const width = last - first + 1
    let before = 0
    for (let k = 1; k <= width; k++) {
      const until = Math.floor((count * k) / width)
      scratch[first + k - 1] = (scratch[first + k - 1] as number) + until - before
      before = until
    }
    this.#first = Math.min(this.#first, first)
    this.#last = Math.max(this.#last, last)
  }

  take(): { offset: number; buckets: number[] } {
    let [first, last] = [this.#first, this.#last]
    while (first <= last && scratch[first] === 0) first++
    while (last >= first && scratch[last] === 0) last--
    const buckets = Array.from(scratch.subarray(first, last + 1))
    if (this.#last >= 0) scratch.fill(0, this.#first, this.#last + 1)
    return { offset: buckets.length === 0 ? 0 : lowest + first, buckets }
  }
}

function placeOf(seconds: number): number {
  return bucketOf(Math.min(longest, Math.max(shortest, seconds)), madeScale) - lowest
}

/** Bucket counts with gaps as one list; of a range too wide the scale is not lowered: durations are not. */
function dense(counts: ReadonlyMap<number, number>): { offset: number; buckets: number[] } {
  const indexes = [...counts.keys()].sort((a, b) => a - b)
  const [first = 0, last = -1] = [indexes[0], indexes.at(-1)]
  const buckets = Array.from({ length: last - first + 1 }, (_, i) => counts.get(first + i) ?? 0)
  return { offset: indexes.length === 0 ? 0 : first, buckets }
}

/** Exactly the same counts at a lower scale: bucket i goes into bucket i >> down. */
export function lowerScale(histogram: Histogram, down: number): Histogram {
  if (down <= 0) return histogram
  const counts = new Map<number, number>()
  for (const [k, count] of histogram.buckets.entries()) {
    const i = Math.floor((histogram.offset + k) / 2 ** down)
    if (count > 0) counts.set(i, (counts.get(i) ?? 0) + count)
  }
  return { ...histogram, scale: histogram.scale - down, ...dense(counts) }
}

/** As it is kept: trimmed, with at most `bucketLimit` buckets and a scale that is of use. */
export function bounded(histogram: Histogram): Histogram {
  const first = histogram.buckets.findIndex(count => count > 0)
  const last = histogram.buckets.findLastIndex(count => count > 0)
  const trimmed = {
    ...histogram,
    offset: first < 0 ? 0 : histogram.offset + first,
    buckets: first < 0 ? [] : histogram.buckets.slice(first, last + 1),
  }
  let down = Math.max(0, histogram.scale - highestScale)
  const low = trimmed.offset
  const high = trimmed.offset + trimmed.buckets.length - 1
  while (Math.floor(high / 2 ** down) - Math.floor(low / 2 ** down) >= bucketLimit) down++
  return lowerScale(trimmed, down)
}

/**
 * The histogram with its values multiplied, for units other than seconds. Buckets move by whole
 * indexes, so a value is off by at most half a bucket: 2.2 % at scale 4, less above.
 */
export function multiplied(histogram: Histogram, factor: number): Histogram {
  if (factor === 1) return histogram
  const shift = Math.round(Math.log2(factor) * 2 ** histogram.scale)
  return {
    ...histogram,
    sum: histogram.sum * factor,
    ...(histogram.min === undefined ? {} : { min: histogram.min * factor }),
    ...(histogram.max === undefined ? {} : { max: histogram.max * factor }),
    offset: histogram.offset + shift,
  }
}
