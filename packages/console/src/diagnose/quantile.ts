import type { Histogram } from '../model.js'

/** Fewer say nothing about a percentile: the 95th of 19 is the greatest. */
export const enough = 20

export const emptyHistogram: Histogram = {
  count: 0,
  sum: 0,
  scale: 20,
  zeroCount: 0,
  offset: 0,
  buckets: [],
}

/**
 * One histogram of all values of both. Where scales differ the finer one is widened, exactly: bucket i
 * of a scale lies within bucket floor(i / 2) of the next coarser one.
 */
export function merge(a: Histogram, b: Histogram): Histogram {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const scale = Math.min(a.scale, b.scale)
  const [wideA, wideB] = [widen(a, scale), widen(b, scale)]
  const filled = [wideA, wideB].filter(histogram => histogram.buckets.length > 0)
  const offset = filled.reduce((least, { offset }) => Math.min(least, offset), Infinity)
  const end = filled.reduce((most, h) => Math.max(most, h.offset + h.buckets.length), -Infinity)
  const buckets = new Array<number>(filled.length === 0 ? 0 : end - offset).fill(0)
  for (const histogram of filled)
    histogram.buckets.forEach((count, i) => {
      const at = histogram.offset + i - offset
      buckets[at] = (buckets[at] ?? 0) + count
    })
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    ...both('min', Math.min, a, b),
    ...both('max', Math.max, a, b),
    scale,
    zeroCount: a.zeroCount + b.zeroCount,
    offset: filled.length === 0 ? 0 : offset,
    buckets,
  }
}

function both(
  key: 'min' | 'max',
  choose: (a: number, b: number) => number,
  a: Histogram,
  b: Histogram,
): { min?: number; max?: number } {
  const [x, y] = [a[key], b[key]]
  return x === undefined || y === undefined ? {} : { [key]: choose(x, y) }
}

function widen(histogram: Histogram, scale: number): Histogram {
  const step = histogram.scale - scale
  if (step === 0 || histogram.buckets.length === 0) return histogram
  // By division: a shift of 32 or more would wrap.
  const index = (i: number) => Math.floor(i / 2 ** step)
  const offset = index(histogram.offset)
  const last = index(histogram.offset + histogram.buckets.length - 1)
  const buckets = new Array<number>(last - offset + 1).fill(0)
  histogram.buckets.forEach((count, i) => {
    const at = index(histogram.offset + i) - offset
    buckets[at] = (buckets[at] ?? 0) + count
  })
  return { ...histogram, scale, offset, buckets }
}

/**
 * The q-quantile (0 to 1) in the histogram's unit: the geometric middle of the bucket that holds it,
 * which at scale 4 is at most 2.2 % off, and never outside of min and max. Undefined when empty.
 */
export function quantile(histogram: Histogram, q: number): number | undefined {
  if (histogram.count === 0) return undefined
  const rank = Math.max(1, Math.ceil(q * histogram.count))
  let seen = histogram.zeroCount
  if (seen >= rank) return histogram.min ?? 0
  const width = 2 ** -histogram.scale
  for (const [i, count] of histogram.buckets.entries()) {
    seen += count
    if (seen >= rank) return within(histogram, 2 ** ((histogram.offset + i + 0.5) * width))
  }
  return histogram.max
}

function within({ min = -Infinity, max = Infinity }: Histogram, value: number): number {
  return Math.min(max, Math.max(min, value))
}
