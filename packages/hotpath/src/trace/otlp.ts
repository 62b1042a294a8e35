import type { AttributeValue, Attributes } from './attributes.js'
import type { Gauge } from './gauges.js'
import { type HistogramDelta, SCALE } from './histogram.js'
import type { SeriesDelta } from './series.js'
import type { Delivery, WireSpan } from './wire.js'

/** OTLP's JSON, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: 64-bit integers are strings. */
const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const
const STATUSES = { unset: 0, ok: 1, error: 2 } as const
const DELTA = 1
const CUMULATIVE = 2

export interface Origin {
  readonly resource: Attributes
  readonly version: string
}

/** What is sent to /v1/traces, in the form of OTLP's JSON. */
export function tracesRequest(
  origin: Origin,
  originMs: number,
  spans: readonly WireSpan[],
): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues(origin.resource) },
        scopeSpans: [
          {
            scope: { name: 'hotpath', version: origin.version },
            spans: spans.map(span => spanOf(span, originMs)),
          },
        ],
      },
    ],
  }
}

/** What is sent to /v1/metrics; the same delivery gives the same. */
export function metricsRequest(origin: Origin, delivery: Delivery): object {
  const times = {
    startTimeUnixNano: nanoseconds(delivery.originMs, delivery.startMs),
    timeUnixNano: nanoseconds(delivery.originMs, delivery.endMs),
  }
  return {
    resourceMetrics: [
      {
        resource: { attributes: keyValues(origin.resource) },
        scopeMetrics: [
          {
            scope: {
              name: 'hotpath',
              version: origin.version,
              attributes: keyValues({ 'hotpath.sequence': delivery.sequence }),
            },
            metrics: [
              ...histograms(delivery.series, times),
              ...counters(delivery, times),
              ...gauges(delivery, times),
            ],
          },
        ],
      },
    ],
  }
}

function spanOf(span: WireSpan, originMs: number) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId === '' ? {} : { parentSpanId: span.parentId }),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: nanoseconds(originMs, span.startMs),
    endTimeUnixNano: nanoseconds(originMs, span.startMs + span.durationMs),
    attributes: keyValues(span.attributes),
    ...(span.status === 'unset' ? {} : { status: { code: STATUSES[span.status] } }),
    ...(span.link === undefined
      ? {}
      : { links: [{ traceId: span.link.traceId, spanId: span.link.spanId }] }),
  }
}

type Times = { readonly startTimeUnixNano: string; readonly timeUnixNano: string }

function histograms(series: readonly SeriesDelta[], times: Times) {
  const byName = new Map<string, unknown[]>()
  for (const { metric, attributes, delta } of series) {
    const points = byName.get(metric) ?? []
    byName.set(metric, points)
    points.push({ attributes: keyValues(attributes), ...times, ...pointOf(delta) })
  }
  return [...byName].map(([name, dataPoints]) => ({
    name,
    unit: 's',
    exponentialHistogram: { aggregationTemporality: DELTA, dataPoints },
  }))
}

function pointOf(delta: HistogramDelta) {
  return {
    count: String(delta.count),
    sum: delta.sum,
    min: delta.min,
    max: delta.max,
    scale: SCALE,
    zeroCount: String(delta.zeroCount),
    positive: { offset: delta.offset, bucketCounts: delta.buckets.map(String) },
  }
}

function counters({ dropped, errors, tallies }: Delivery, times: Times) {
  const points: Record<string, (readonly [Attributes, number])[]> = {
    'hotpath.recorder.dropped': dropped.map(([what, reason, n]) => [{ what, reason }, n] as const),
    'hotpath.recorder.errors': errors.map(([where, n]) => [{ where }, n] as const),
  }
  for (const { name, attributes, n } of tallies) (points[name] ??= []).push([attributes, n])
  return Object.entries(points)
    .filter(([, counted]) => counted.length > 0)
    .map(([name, counted]) => ({
      name,
      sum: {
        aggregationTemporality: DELTA,
        isMonotonic: true,
        dataPoints: counted.map(([attributes, n]) => ({
          attributes: keyValues(attributes),
          ...times,
          asInt: String(n),
        })),
      },
    }))
}

function gauges({ gauges, originMs }: Delivery, times: Times) {
  const byName = new Map<string, { kind: Gauge['kind']; unit: string; dataPoints: unknown[] }>()
  // A level counts from the start of the process.
  const sinceStart = { ...times, startTimeUnixNano: nanoseconds(originMs, 0) }
  for (const { name, unit, kind, attributes, value } of gauges) {
    const metric = byName.get(name) ?? { kind, unit, dataPoints: [] }
    byName.set(name, metric)
    const stretch =
      kind === 'gauge' ? { timeUnixNano: times.timeUnixNano } : kind === 'used' ? times : sinceStart
    metric.dataPoints.push({ attributes: keyValues(attributes), ...stretch, asDouble: value })
  }
  return [...byName].map(([name, { kind, unit, dataPoints }]) => {
    if (kind === 'gauge') return { name, unit, gauge: { dataPoints } }
    const used = kind === 'used'
    const aggregationTemporality = used ? DELTA : CUMULATIVE
    return { name, unit, sum: { aggregationTemporality, isMonotonic: used, dataPoints } }
  })
}

function keyValues(attributes: Attributes | Readonly<Record<string, AttributeValue>>) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: AttributeValue): unknown {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return { intValue: String(value) }
    // JSON has no NaN: OTLP writes it as a string, and so do we where it happens.
    return { doubleValue: Number.isFinite(value) ? value : String(value) }
  }
  return { arrayValue: { values: value.map(anyValue) } }
}

/** The origin has 256 ns of precision as a double; what is added to it keeps its own. */
function nanoseconds(originMs: number, ms: number): string {
  const originUs = BigInt(Math.round(originMs * 1000))
  return String(originUs * 1000n + BigInt(Math.round(ms * 1e6)))
}
