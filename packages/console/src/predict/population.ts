import type { Histogram } from '../model.js'

/** A sampled request: how long it took, and how long it would have with the fix. */
export interface Replayed {
  readonly ms: number
  readonly thenMs: number
  /** This part of its like would be answered in so long, by a cache. */
  readonly answered?: { readonly part: number; readonly inMs: number }
}

/** So many requests that took, or would take, so long. */
export interface Share {
  readonly ms: number
  readonly count: number
}

/** All requests of a route, as they were and as they would be. */
export interface Population {
  readonly before: readonly Share[]
  readonly after: readonly Share[]
}

/** What took up to a quarter more or less is of the same kind. */
const alike = 1.25

/**
 * All requests of a route with the fix. The histogram knows how many took how long; the sampled ones that
 * took about as long tell what would become of them, each of an equal part. So it does not matter how many of
 * the slow ones were sampled: they speak for those that were as slow, and for no others.
 *
 * Where none took about as long, the nearest one tells. In either case what a request took more than the
 * sampled one stays, and one that took less is not taken below what is left of that one.
 */
export function populationWith(histogram: Histogram, samples: readonly Replayed[]): Population {
  const before = sharesOf(histogram)
  const after = before.flatMap(({ ms, count }) => {
    const like = samplesLike(ms, samples)
    return like.flatMap(sample => withFix(ms, sample, count / like.length))
  })
  return { before, after }
}

/** What becomes of `count` requests that took `ms`. */
function withFix(
  ms: number,
  { ms: sampledMs, thenMs, answered }: Replayed,
  count: number,
): Share[] {
  const thenOwnMs = thenMs >= sampledMs ? ms : Math.min(ms, thenMs + Math.max(0, ms - sampledMs))
  if (answered === undefined) return [{ ms: thenOwnMs, count }]
  const { part, inMs } = answered
  return [
    { ms: thenOwnMs, count: (1 - part) * count },
    { ms: Math.min(ms, inMs), count: part * count },
  ]
}

function samplesLike(ms: number, samples: readonly Replayed[]): readonly Replayed[] {
  const like = samples.filter(sample => sample.ms <= ms * alike && sample.ms >= ms / alike)
  if (like.length > 0) return like
  const apart = (sample: Replayed) => Math.abs(Math.log(Math.max(1e-6, sample.ms) / ms))
  return samples.toSorted((a, b) => apart(a) - apart(b)).slice(0, 1)
}

/** Four months. A coarse histogram may have a bucket whose middle is beyond all numbers. */
const longestSeconds = 1e7

/** The buckets of a histogram in seconds, each by its geometric middle, in milliseconds. */
function sharesOf({ buckets, offset, scale, zeroCount, min, max }: Histogram): Share[] {
  const within = (seconds: number) =>
    Math.min(longestSeconds, max ?? Infinity, Math.max(min ?? 0, seconds))
  const zero = zeroCount > 0 ? [{ ms: 0, count: zeroCount }] : []
  const others = buckets.flatMap((count, i) =>
    count === 0 ? [] : [{ ms: within(2 ** ((offset + i + 0.5) * 2 ** -scale)) * 1e3, count }],
  )
  return [...zero, ...others]
}

/** The sampled requests themselves, where none were counted: each for one. */
export function populationOf(samples: readonly Replayed[]): Population {
  return {
    before: samples.map(({ ms }) => ({ ms, count: 1 })),
    after: samples.flatMap(sample => withFix(sample.ms, sample, 1)),
  }
}
