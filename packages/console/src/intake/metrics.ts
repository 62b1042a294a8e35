import type { CounterPoint, Histogram, HistogramPoint, MetricName } from '../model.js'
import { canonical } from '../store/encode.js'
import type { Batch } from '../store/store.js'
import { readAttributes, type Losses } from './attributes.js'
import { toCurrentNames } from './conventions.js'
import type { CumulativeToDelta, Total } from './cumulative.js'
import { bounded } from './histogram.js'
import { keyAttributes } from './keys.js'
import { limits, Malformed } from './otlp/malformed.js'
import type { Metric, MetricsRequest, NumberPoint, Scope } from './otlp/messages.js'
import { readExplicit, readExponential } from './points.js'
import type { Refusals } from './refusals.js'
import { readSource, type Source } from './source.js'

/** The metrics that are read, under today's and yesterday's names, with the unit they have by convention. */
const histograms: Readonly<Record<string, { metric: MetricName; unit: string }>> = {
  'http.server.request.duration': { metric: 'http.server.request.duration', unit: 's' },
  'http.server.duration': { metric: 'http.server.request.duration', unit: 'ms' },
  'db.client.operation.duration': { metric: 'db.client.operation.duration', unit: 's' },
}

/** Units (UCUM) in seconds. */
const seconds: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['ms', 1e-3],
  ['us', 1e-6],
  ['ns', 1e-9],
])

const [delta, cumulative] = [1, 2]

/** Bit 0 of a point's flags: nothing was recorded. */
const noRecordedValue = 1

export interface ReadMetrics {
  /** One batch for each delivery of our recorder, and one for all else. */
  readonly batches: readonly Batch[]
  readonly points: number
  /** To be called when the batches are written. */
  commit(): void
}

interface Reading {
  readonly source: Source
  readonly batch: { histograms: HistogramPoint[]; counters: CounterPoint[] }
  readonly losses: Losses
  readonly refusals: Refusals
  readonly totals: ReturnType<CumulativeToDelta['begin']>
  readonly nowMs: number
  points: number
}

/** Turns a request into batches. Metrics of other names are ignored: a sender sends all that it has. */
export function readMetrics(
  request: MetricsRequest,
  converter: CumulativeToDelta,
  losses: Losses,
  refusals: Refusals,
  nowMs: number,
): ReadMetrics {
  const totals = converter.begin()
  const batches = new Map<string, Batch & Reading['batch']>()
  let points = 0
  for (const { resource, scopeMetrics = [] } of request.resourceMetrics ?? []) {
    const source = readSource(resource, losses)
    for (const { scope, metrics = [] } of scopeMetrics) {
      const sequence = readSequence(scope, source, losses)
      const delivery = { service: source.service, instance: source.instance, sequence }
      const key = sequence === 0 ? '' : JSON.stringify(delivery)
      const batch = batches.get(key) ?? {
        spans: [],
        histograms: [],
        counters: [],
        ...(sequence === 0 ? {} : { delivery }),
      }
      batches.set(key, batch)
      const reading = { source, batch, losses, refusals, totals, nowMs, points: 0 }
      for (const metric of metrics) readMetric(metric, reading)
      points += reading.points
      if (points > limits.points)
        throw new Malformed(
          `The request has more than ${limits.points} points. Send less at a time.`,
          413,
        )
    }
  }
  return { batches: [...batches.values()], points, commit: () => totals.commit() }
}

/** The number of the delivery, or 0 for telemetry that carries none. */
function readSequence(scope: Scope | undefined, source: Source, losses: Losses): number {
  const value = readAttributes(scope?.attributes, losses)['hotpath.sequence']
  if (value === undefined) return 0
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw new Malformed('hotpath.sequence must be an integer from 1 up.')
  if (source.instance === '')
    throw new Malformed('hotpath.sequence needs service.instance.id on the resource.')
  return value
}

function readMetric(metric: Metric, reading: Reading): void {
  const name = metric.name ?? ''
  const known = Object.hasOwn(histograms, name) ? histograms[name] : undefined
  if (known !== undefined) readHistograms(metric, known, reading)
  else if (name.startsWith('hotpath.') && metric.sum !== undefined)
    readCounters(metric, name, reading)
}

function readHistograms(
  metric: Metric,
  known: { metric: MetricName; unit: string },
  reading: Reading,
): void {
  const toSeconds = seconds.get(metric.unit || known.unit)
  if (toSeconds === undefined) return reading.refusals.add(`of ${known.metric} in an unknown unit`)
  const { histogram, exponentialHistogram } = metric
  if (histogram === undefined && exponentialHistogram === undefined)
    return reading.refusals.add(`of ${known.metric} that are no histograms`)
  for (const point of histogram?.dataPoints ?? []) {
    const value = readExplicit(point, toSeconds)
    readHistogram(known.metric, point, histogram?.aggregationTemporality, value, reading)
  }
  for (const point of exponentialHistogram?.dataPoints ?? []) {
    const value = readExponential(point, toSeconds)
    readHistogram(known.metric, point, exponentialHistogram?.aggregationTemporality, value, reading)
  }
}

type Point = Pick<NumberPoint, 'attributes' | 'startTimeUnixNano' | 'timeUnixNano' | 'flags'>

function readHistogram(
  metric: MetricName,
  point: Point,
  temporality: number | undefined,
  value: Histogram | string,
  reading: Reading,
): void {
  if (typeof value === 'string') return reading.refusals.add(value)
  const read = readPoint(
    metric,
    point,
    temporality,
    value,
    reading,
    metric === 'db.client.operation.duration' ? 'client' : 'server',
  )
  if (read === undefined || read.value.count === 0) return
  const { service, instance } = reading.source
  reading.batch.histograms.push({
    metric,
    service,
    instance,
    startNs: read.startNs,
    endNs: read.endNs,
    attributes: keyAttributes(metric, read.attributes),
    histogram: bounded(read.value),
    sampled: false,
  })
}

function readCounters(metric: Metric, name: string, reading: Reading): void {
  for (const point of metric.sum?.dataPoints ?? []) {
    const value = point.asDouble ?? Number(point.asInt ?? 0n)
    if (!Number.isFinite(value)) {
      reading.refusals.add('with a value that is no number')
      continue
    }
    const total = { count: 0, sum: value, scale: 0, zeroCount: 0, offset: 0, buckets: [] }
    const read = readPoint(
      name,
      point,
      metric.sum?.aggregationTemporality,
      total,
      reading,
      'server',
    )
    if (read === undefined || read.value.sum === 0) continue
    const { service, instance } = reading.source
    reading.batch.counters.push({
      name,
      service,
      instance,
      startNs: read.startNs,
      endNs: read.endNs,
      attributes: read.attributes,
      value: read.value.sum,
    })
  }
}

/** What came since the last point of its series, or undefined when nothing did or it was refused. */
function readPoint(
  name: string,
  point: Point,
  temporality: number | undefined,
  value: Histogram,
  reading: Reading,
  side: 'server' | 'client',
) {
  reading.points++
  const { flags = 0, timeUnixNano: timeNs = 0n, startTimeUnixNano = 0n } = point
  if ((flags & noRecordedValue) !== 0) return undefined
  if (timeNs === 0n) return reading.refusals.add('without a time')
  if (timeNs > BigInt(Math.round(reading.nowMs + 24 * 60 * 60 * 1000)) * 1_000_000n)
    return reading.refusals.add('more than a day from now')
  if (temporality !== delta && temporality !== cumulative)
    return reading.refusals.add('that are neither deltas nor cumulative')
  const attributes = readAttributes(point.attributes, reading.losses, limits.keyChars)
  const startNs =
    startTimeUnixNano === 0n || startTimeUnixNano > timeNs ? timeNs : startTimeUnixNano
  if (temporality === delta)
    return { attributes: toCurrentNames(attributes, side), startNs, endNs: timeNs, value }
  const total: Total = { startNs, timeNs, value }
  const { service, instance } = reading.source
  const series = JSON.stringify([name, service, instance, canonical(attributes)])
  const came = reading.totals.delta(series, total)
  if (came === undefined) return undefined
  return {
    attributes: toCurrentNames(attributes, side),
    startNs: came.startNs,
    endNs: came.endNs,
    value: came.value,
  }
}
