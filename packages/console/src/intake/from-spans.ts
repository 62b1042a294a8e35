import type { AttributeValue, HistogramPoint, MetricName, Span } from '../model.js'
import { fromValues } from './histogram.js'
import { keyAttributes, keyValues } from './keys.js'

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
    const { service, instance, startNs } = span
    const endNs = startNs + BigInt(span.durationNs)
    const errorType = errorTypeOf(span)
    const key = JSON.stringify([service, instance, errorType, keyValues(metric, span.attributes)])
    const group = groups.get(key)
    if (group === undefined) {
      const all = errorType === undefined ? {} : { 'error.type': errorType }
      const attributes = keyAttributes(metric, { ...span.attributes, ...all })
      const point = { metric, service, instance, attributes, startNs, endNs, sampled: true }
      groups.set(key, { point, seconds: [span.durationNs / 1e9] })
      continue
    }
    const { point } = group
    if (startNs < point.startNs || endNs > point.endNs)
      group.point = {
        ...point,
        startNs: startNs < point.startNs ? startNs : point.startNs,
        endNs: endNs > point.endNs ? endNs : point.endNs,
      }
    group.seconds.push(span.durationNs / 1e9)
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
function errorTypeOf({ status, attributes }: Span): AttributeValue | undefined {
  if (status !== 'error' || attributes['error.type'] !== undefined) return attributes['error.type']
  return attributes['db.response.status_code'] ?? '_OTHER'
}
