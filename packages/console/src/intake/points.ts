import type { Histogram } from '../model.js'
import { bounded, fromExplicit, multiplied } from './histogram.js'
import type { ExplicitPoint, ExponentialPoint } from './otlp/messages.js'

/**
 * What a point of OTLP counts. Totals are subtracted from each other in the buckets in which they came:
 * spread over other buckets first, a larger total may have less in one of them.
 */
export interface Counted {
  readonly raw: Histogram
  /** Of explicit buckets: totals with other bounds are other series. */
  readonly bounds: string
  /** The histogram, in seconds and exponential buckets, of what `raw` came to. */
  convert(raw: Histogram): Histogram
}

/** What a point counts, or why it is no histogram: 'with fewer counts than bounds'. */
export function readExponential(point: ExponentialPoint, toSeconds: number): Counted | string {
  const { scale = 0, positive, negative } = point
  const buckets = (positive?.bucketCounts ?? []).map(Number)
  const offset = positive?.offset ?? 0
  const zeroCount = Number(point.zeroCount ?? 0n)
  const count = Number(point.count ?? 0n)
  if ((negative?.bucketCounts ?? []).some(n => n > 0n)) return 'with negative durations'
  if (scale < -10 || scale > 20) return 'with a scale outside of -10 to 20'
  // Beyond these indexes lie no numbers: 2^-1074 and 2^1024 are the ends of a double.
  const [low, high] = [-1_075 * 2 ** scale - 1, 1_025 * 2 ** scale + 1]
  if (buckets.length > 0 && (offset < low || offset + buckets.length > high))
    return 'with buckets outside of all numbers'
  if (zeroCount + buckets.reduce((a, b) => a + b, 0) !== count)
    return 'whose buckets do not add up to their count'
  const edges = readEdges(point)
  if (typeof edges === 'string') return edges
  const histogram = { count, ...edges, scale, zeroCount, offset, buckets }
  return { raw: bounded(histogram), bounds: '', convert: raw => multiplied(raw, toSeconds) }
}

/** Far above what SDKs send, 15; the last total of each series is kept in memory. */
const explicitLimit = 320

/** The same for explicit buckets. */
export function readExplicit(point: ExplicitPoint, toSeconds: number): Counted | string {
  const bounds = (point.explicitBounds ?? []).map(bound => bound * toSeconds)
  const buckets = (point.bucketCounts ?? []).map(Number)
  const count = Number(point.count ?? 0n)
  if (bounds.some((bound, i) => !(bound > (bounds[i - 1] ?? Number.NEGATIVE_INFINITY))))
    return 'with bounds that do not ascend'
  if (buckets.length > explicitLimit) return `with more than ${explicitLimit} buckets`
  const edges = readEdges(point)
  if (typeof edges === 'string') return edges
  // A sender may count without buckets.
  if (count > 0 && buckets.length > 0 && buckets.length !== bounds.length + 1)
    return 'with another number of counts than one more than bounds'
  if (buckets.length > 0 && buckets.reduce((a, b) => a + b, 0) !== count)
    return 'whose buckets do not add up to their count'
  return {
    raw: { count, ...edges, scale: 0, zeroCount: 0, offset: 0, buckets },
    bounds: bounds.join(' '),
    convert: raw => converted(raw, bounds, toSeconds),
  }
}

function converted(raw: Histogram, bounds: readonly number[], toSeconds: number): Histogram {
  const sum = raw.sum * toSeconds
  // Without buckets the average is all that is known.
  if (raw.buckets.length === 0 && raw.count > 0)
    return bounded(fromExplicit({ sum, bounds: [sum / raw.count], counts: [raw.count, 0] }))
  const counts = Array.from({ length: bounds.length + 1 }, (_, i) => raw.buckets[i] ?? 0)
  return bounded(
    fromExplicit({
      sum,
      ...(raw.min === undefined ? {} : { min: raw.min * toSeconds }),
      ...(raw.max === undefined ? {} : { max: raw.max * toSeconds }),
      bounds,
      counts,
    }),
  )
}

type Edges = Pick<Histogram, 'sum' | 'min' | 'max'>

/** Sum, smallest and largest. A duration that is negative or no number is a fault of the sender. */
function readEdges(point: { sum?: number; min?: number; max?: number }): Edges | string {
  const { sum = 0, min, max } = point
  for (const value of [sum, min ?? 0, max ?? 0])
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return 'with a sum that is no duration'
  return { sum, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
}
