import type { AttributeValue, Attributes, HistogramPoint, MetricName, Span } from '../model.js'
import { canonical } from '../store/encode.js'
import { fromValues } from './histogram.js'
import { keyAttributes } from './keys.js'

/**
 * Histograms of the requests and statements among some spans, for senders that send no histograms.
 * They count what was sampled only, so they are marked `sampled`; the store leaves them out for a
 * process that sends histograms of its own.
 */
export function pointsFromSpans(spans: readonly Span[]): HistogramPoint[] {
  const groups = new Map<string, { point: Omit<HistogramPoint, 'histogram'>; seconds: number[] }>()
  for (const span of spans) {
    const metric = metricOf(span)
    if (metric === undefined) continue
    const attributes = keyAttributes(metric, withErrorType(span))
    const endNs = span.startNs + BigInt(span.durationNs)
    const { service, instance, startNs } = span
    const key = JSON.stringify([metric, service, instance, canonical(attributes)])
    const group = groups.get(key)
    const [from, to] = [group?.point.startNs ?? startNs, group?.point.endNs ?? endNs]
    groups.set(key, {
      point: {
        metric,
        service,
        instance,
        attributes,
        startNs: startNs < from ? startNs : from,
        endNs: endNs > to ? endNs : to,
        sampled: true,
      },
      seconds: group?.seconds ?? [],
    })
    groups.get(key)?.seconds.push(span.durationNs / 1e9)
  }
  return [...groups.values()].map(({ point, seconds }) => ({
    ...point,
    histogram: fromValues(seconds),
  }))
}

function metricOf({ kind, attributes }: Span): MetricName | undefined {
  if (kind === 'server' && attributes['http.request.method'] !== undefined)
    return 'http.server.request.duration'
  // What says neither is no statement, but a connection that is reset, or rows that are read.
  const says =
    attributes['db.query.text'] !== undefined || attributes['db.operation.name'] !== undefined
  if (kind === 'client' && attributes['db.system.name'] !== undefined && says)
    return 'db.client.operation.duration'
  return undefined
}

/** A failed statement carries its failure in the span's status when its SDK sets no `error.type`. */
function withErrorType(span: Span): Attributes {
  if (span.status !== 'error' || span.attributes['error.type'] !== undefined) return span.attributes
  const type: AttributeValue = span.attributes['db.response.status_code'] ?? '_OTHER'
  return { ...span.attributes, 'error.type': type }
}
