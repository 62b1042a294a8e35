import type { Histogram } from '../model.js'
import { bounded, fromExplicit, multiplied } from './histogram.js'
import type { ExplicitPoint, ExponentialPoint } from './otlp/messages.js'

/** A point of OTLP as a histogram in seconds, or why it is none: 'with fewer counts than bounds'. */
export function readExponential(point: ExponentialPoint, toSeconds: number): Histogram | string {
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
  return multiplied(bounded(histogram), toSeconds)
}

export function readExplicit(point: ExplicitPoint, toSeconds: number): Histogram | string {
  const bounds = (point.explicitBounds ?? []).map(bound => bound * toSeconds)
  const counts = (point.bucketCounts ?? []).map(Number)
  const count = Number(point.count ?? 0n)
  if (bounds.some((bound, i) => !(bound > (bounds[i - 1] ?? Number.NEGATIVE_INFINITY))))
    return 'with bounds that do not ascend'
  const edges = readEdges(point)
  if (typeof edges === 'string') return edges
  const { sum, ...ends } = edges
  const inSeconds = {
    sum: sum * toSeconds,
    ...(ends.min === undefined ? {} : { min: ends.min * toSeconds }),
    ...(ends.max === undefined ? {} : { max: ends.max * toSeconds }),
  }
  // A sender may count without buckets; then the average is all that is known.
  if (counts.length === 0 && count > 0) {
    const average = inSeconds.sum / count
    return fromExplicit({ ...inSeconds, bounds: [average], counts: [count, 0] })
  }
  if (count > 0 && counts.length !== bounds.length + 1)
    return 'with another number of counts than one more than bounds'
  if (counts.reduce((a, b) => a + b, 0) !== count)
    return 'whose buckets do not add up to their count'
  return bounded(fromExplicit({ ...inSeconds, bounds, counts }))
}

type Edges = Pick<Histogram, 'sum' | 'min' | 'max'>

/** Sum, smallest and largest. A duration that is negative or no number is a fault of the sender. */
function readEdges(point: { sum?: number; min?: number; max?: number }): Edges | string {
  const { sum = 0, min, max } = point
  for (const value of [sum, min ?? 0, max ?? 0])
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return 'with a sum that is no duration'
  return { sum, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
}
