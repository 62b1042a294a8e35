import type { AttributeValue, Attributes } from './attributes.js'
import { type HistogramDelta, SCALE } from './histogram.js'
import type { SeriesDelta } from './series.js'
import type { Delivery, WireSpan } from './wire.js'

/** OTLP's JSON, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: 64-bit integers are strings. */
const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const
const STATUSES = { unset: 0, ok: 1, error: 2 } as const
const DELTA = 1

export interface Origin {
  readonly resource: Attributes
  readonly version: string
}

/** The body of a POST to /v1/traces. */
export function tracesBody(origin: Origin, originMs: number, spans: readonly WireSpan[]): string {
  return JSON.stringify({
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
  })
}

/** The body of a POST to /v1/metrics; the same delivery gives the same bytes. */
export function metricsBody(origin: Origin, delivery: Delivery): string {
  const times = {
    startTimeUnixNano: nanoseconds(delivery.originMs, delivery.startMs),
    timeUnixNano: nanoseconds(delivery.originMs, delivery.endMs),
  }
  return JSON.stringify({
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
            metrics: [...histograms(delivery.series, times), ...counters(delivery, times)],
          },
        ],
      },
    ],
  })
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

function counters({ dropped, errors, batch }: Delivery, times: Times) {
  const points: Record<string, (readonly [Attributes, number])[]> = {
    'hotpath.recorder.dropped': dropped.map(([what, reason, n]) => [{ what, reason }, n] as const),
    'hotpath.recorder.errors': errors.map(([where, n]) => [{ where }, n] as const),
  }
  for (const [name, route, reason, n] of batch) {
    const attributes: Attributes = {}
    const [method = '', template = ''] = route.split(' ')
    if (method !== '') attributes['http.request.method'] = method
    if (template !== '') attributes['http.route'] = template
    if (reason !== '') attributes['reason'] = reason
    ;(points[`hotpath.batch.${name}`] ??= []).push([attributes, n])
  }
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

function keyValues(attributes: Attributes | Readonly<Record<string, AttributeValue>>) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: AttributeValue): unknown {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }
  return { arrayValue: { values: value.map(anyValue) } }
}

/** The origin has 256 ns of precision as a double; what is added to it keeps its own. */
function nanoseconds(originMs: number, ms: number): string {
  const originUs = BigInt(Math.round(originMs * 1000))
  return String(originUs * 1000n + BigInt(Math.round(ms * 1e6)))
}
