import { enough, quantile } from '../diagnose/quantile.js'
import type { Histogram } from '../model.js'
import type { Latency } from './answers.js'

/** A histogram in seconds as the figures that people read, in milliseconds. */
export function latencyOf(histogram: Histogram): Latency {
  const at = (q: number) => {
    const seconds = histogram.count < enough ? undefined : quantile(histogram, q)
    return seconds === undefined ? null : seconds * 1e3
  }
  return {
    count: histogram.count,
    totalMs: histogram.sum * 1e3,
    averageMs: histogram.count === 0 ? 0 : (histogram.sum / histogram.count) * 1e3,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    maxMs: histogram.max === undefined ? null : histogram.max * 1e3,
  }
}
