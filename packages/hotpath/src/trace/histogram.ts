/**
 * A histogram of durations with exponential buckets, as OpenTelemetry's data model has it: bucket
 * i counts values in (base^i, base^(i+1)], base = 2^(2^-scale).
 *
 * The scale is fixed at 4: a bucket is 4.4 % wide, so a quantile is at most 2.2 % off, less than
 * two runs of the same request differ; histograms of one scale merge bucket by bucket; and a day of
 * durations from 1 us to 1,000 s is 480 buckets at most. Recording costs about 20 ns.
 */
export const SCALE = 4

const PER_OCTAVE = 2 ** SCALE
/** Outside of these a duration is a fault of the clock; they bound the buckets to 640. */
const MIN_SECONDS = 1e-7
const MAX_SECONDS = 1e5
/** Buckets added beyond what is needed, so that a histogram settles after a few growths. */
const MARGIN = 8

/** What happened since the last `take`. */
export interface HistogramDelta {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly zeroCount: number
  /** Index of the first bucket. */
  readonly offset: number
  readonly buckets: readonly number[]
}

/** What both counted, neither of them empty. */
export function mergeDeltas(a: HistogramDelta, b: HistogramDelta): HistogramDelta {
  const offset =
    a.buckets.length === 0
      ? b.offset
      : b.buckets.length === 0
        ? a.offset
        : Math.min(a.offset, b.offset)
  const end = Math.max(
    ...[a, b].map(one => (one.buckets.length === 0 ? offset : one.offset + one.buckets.length)),
  )
  const buckets = new Array<number>(end - offset).fill(0)
  for (const one of [a, b]) {
    for (const [at, n] of one.buckets.entries()) {
      const slot = one.offset + at - offset
      buckets[slot] = (buckets[slot] as number) + n
    }
  }
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    zeroCount: a.zeroCount + b.zeroCount,
    offset,
    buckets,
  }
}

export class ExponentialHistogram {
  count = 0
  private sum = 0
  private min = Number.POSITIVE_INFINITY
  private max = 0
  private zeroCount = 0
  private offset = 0
  /** Doubles: 32 bits overflow in five days at 10,000 a second when nobody takes the counts. */
  private buckets = new Float64Array(0)

  /** Counts one duration in seconds. */
  record(seconds: number): void {
    this.count++
    if (!(seconds > 0)) {
      this.zeroCount++
      this.min = 0
      return
    }
    const value = seconds < MAX_SECONDS ? seconds : MAX_SECONDS
    this.sum += value
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    const bounded = value < MIN_SECONDS ? MIN_SECONDS : value
    const index = Math.ceil(Math.log2(bounded) * PER_OCTAVE) - 1
    let slot = index - this.offset
    if (slot < 0 || slot >= this.buckets.length) {
      this.grow(index)
      slot = index - this.offset
    }
    this.buckets[slot] = (this.buckets[slot] as number) + 1
  }

  /** The counts since the last call, and starts anew. */
  take(): HistogramDelta {
    let first = 0
    let end = this.buckets.length
    while (first < end && this.buckets[first] === 0) first++
    while (end > first && this.buckets[end - 1] === 0) end--
    const delta = {
      count: this.count,
      sum: this.sum,
      min: this.count === 0 ? 0 : this.min,
      max: this.max,
      zeroCount: this.zeroCount,
      offset: this.offset + first,
      buckets: Array.from(this.buckets.subarray(first, end)),
    }
    this.count = this.sum = this.max = this.zeroCount = 0
    this.min = Number.POSITIVE_INFINITY
    this.buckets.fill(0)
    return delta
  }

  private grow(index: number): void {
    const empty = this.buckets.length === 0
    const from = Math.min(index - MARGIN, empty ? index : this.offset)
    const end = Math.max(index + MARGIN, empty ? index : this.offset + this.buckets.length)
    const grown = new Float64Array(end - from)
    if (!empty) grown.set(this.buckets, this.offset - from)
    this.buckets = grown
    this.offset = from
  }
}
