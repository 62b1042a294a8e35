import { countDropped } from './counts.js'
import { ExponentialHistogram, type HistogramDelta } from './histogram.js'
import type { AttributeValue } from './attributes.js'

export type MetricName =
  | 'http.server.request.duration'
  | 'db.client.operation.duration'
  | 'db.client.connection.wait_time'
  | 'db.client.connection.use_time'
  | 'db.client.connection.create_time'
  | 'hotpath.pool.age'
type SeriesAttributes = Readonly<Record<string, AttributeValue>>

/**
 * Series of one metric: statements of a thousand spellings take no room of the requests'. An API of 200
 * routes and 500 statements has about 500 of each; what comes on top shares one, and is counted.
 */
export const MAX_SERIES = 2000

export interface SeriesDelta {
  readonly metric: MetricName
  readonly attributes: SeriesAttributes
  readonly delta: HistogramDelta
}

interface Series {
  readonly metric: MetricName
  readonly attributes: SeriesAttributes
  readonly histogram: ExponentialHistogram
}

const all: Series[] = []
const perMetric = new Map<MetricName, number>()
const overflow = new Map<MetricName, ExponentialHistogram>()

/**
 * A new series; who asks keeps the histogram and asks once for each set of attributes.
 *
 *     const histogram = newSeries('db.client.operation.duration', { 'db.system.name': 'postgresql' })
 *     histogram.record(0.0012)
 */
export function newSeries(metric: MetricName, attributes: SeriesAttributes): ExponentialHistogram {
  const known = perMetric.get(metric) ?? 0
  if (known < MAX_SERIES) {
    perMetric.set(metric, known + 1)
    return register(metric, attributes)
  }
  countDropped('series', 'overflow', 1)
  let shared = overflow.get(metric)
  if (shared === undefined) {
    // The name is the metrics SDK specification's, "overflow attribute".
    shared = register(metric, { 'otel.metric.overflow': true })
    overflow.set(metric, shared)
  }
  return shared
}

/** What every series counted since the last call. */
export function takeSeries(): SeriesDelta[] {
  const deltas: SeriesDelta[] = []
  for (const { metric, attributes, histogram } of all) {
    if (histogram.count > 0) deltas.push({ metric, attributes, delta: histogram.take() })
  }
  return deltas
}

function register(metric: MetricName, attributes: SeriesAttributes): ExponentialHistogram {
  const histogram = new ExponentialHistogram()
  all.push({ metric, attributes, histogram })
  return histogram
}
