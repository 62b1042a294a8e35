import type { Attributes, AttributeValue, MetricName } from '../model.js'
import type { Batch } from '../store/store.js'
import { readAttributes, type Losses } from './attributes.js'
import type { CumulativeToDelta } from './cumulative.js'
import { gauges, readGauges } from './gauges.js'
import { keyAttributes } from './keys.js'
import { limits, Malformed } from './otlp/malformed.js'
import type { Metric, MetricsRequest, Scope } from './otlp/messages.js'
import { type Counted, readExplicit, readExponential } from './points.js'
import { type Point, type Reading, readPoint, seconds } from './reading.js'
import type { Refusals } from './refusals.js'
import { plainRoute } from './route-guess.js'
import { readSource, type Source } from './source.js'
import { templateStatement } from './statement.js'

/** The metrics that are read, under today's and yesterday's names, with the unit they have by convention. */
const histograms: Readonly<Record<string, { metric: MetricName; unit: string }>> = {
  'http.server.request.duration': { metric: 'http.server.request.duration', unit: 's' },
  'http.server.duration': { metric: 'http.server.request.duration', unit: 'ms' },
  'db.client.operation.duration': { metric: 'db.client.operation.duration', unit: 's' },
  'db.client.connection.use_time': { metric: 'db.client.connection.use_time', unit: 's' },
  'db.client.connections.use_time': { metric: 'db.client.connection.use_time', unit: 'ms' },
}

export interface ReadMetrics {
  /** One batch for each delivery of our recorder, and one for all else. */
  readonly batches: readonly Batch[]
  readonly points: number
  /** To be called when the batches are written. */
  commit(): void
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
        gauges: [],
        processes: [],
        ...(sequence === 0 ? {} : { delivery }),
      }
      batches.set(key, batch)
      const reading = { source, batch, losses, refusals, totals, nowMs, points: 0 }
      const names = new Set(metrics.map(metric => metric.name))
      for (const metric of metrics) if (!isRepeated(metric, names)) readMetric(metric, reading)
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

/** The processes whose totals a request brings; our recorder's sends what came on top. */
export function sendersOfTotals(request: MetricsRequest): ReadonlySet<string> {
  const senders = new Set<string>()
  for (const { resource, scopeMetrics = [] } of request.resourceMetrics ?? []) {
    const { service, instance, recorder } = readSource(resource, {
      cutTexts: 0,
      droppedAttributes: 0,
    })
    if (!recorder && scopeMetrics.length > 0) senders.add(JSON.stringify([service, instance]))
  }
  return senders
}

/** With OTEL_SEMCONV_STABILITY_OPT_IN=http/dup a sender counts each request under both names. */
function isRepeated({ name }: Metric, names: ReadonlySet<string | undefined>): boolean {
  return name === 'http.server.duration' && names.has('http.server.request.duration')
}

/** The number of the delivery, or 0 for telemetry that carries none. */
function readSequence(scope: Scope | undefined, source: Source, losses: Losses): number {
  const value = readAttributes(scope?.attributes, losses)['hotpath.sequence']
  if (value === undefined) return 0
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw new Malformed('hotpath.sequence must be an integer from 1 up.')
  if (source.instance === '')
    throw new Malformed('hotpath.sequence needs service.instance.id on the resource.')
  return value as number
}

function readMetric(metric: Metric, reading: Reading): void {
  const name = metric.name ?? ''
  const known = Object.hasOwn(histograms, name) ? histograms[name] : undefined
  if (known !== undefined) readHistograms(metric, known, reading)
  else if (Object.hasOwn(gauges, name)) readGauges(metric, name, reading)
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

function readHistogram(
  metric: MetricName,
  point: Point,
  temporality: number | undefined,
  counted: Counted | string,
  reading: Reading,
): void {
  if (typeof counted === 'string') return reading.refusals.add(counted)
  const read = readPoint(
    `${metric} ${counted.bounds}`,
    point,
    temporality,
    counted.raw,
    reading,
    metric === 'http.server.request.duration' ? 'server' : 'client',
  )
  if (read === undefined || read.value.count === 0) return
  const { service, instance } = reading.source
  reading.batch.histograms.push({
    metric,
    service,
    instance,
    startNs: read.startNs,
    endNs: read.endNs,
    attributes: keyAttributes(metric, settled(metric, read.attributes, reading.source)),
    histogram: counted.convert(read.value),
    sampled: false,
  })
}

/** Routes and statements of other senders as in their spans. */
function settled(
  metric: MetricName,
  attributes: Record<string, AttributeValue>,
  { recorder }: Source,
): Attributes {
  if (recorder) return attributes
  if (metric === 'db.client.operation.duration') templateStatement(attributes, '')
  const route = attributes['http.route']
  if (typeof route === 'string') attributes['http.route'] = plainRoute(route)
  return attributes
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
