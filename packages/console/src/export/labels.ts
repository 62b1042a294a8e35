import { createHash } from 'node:crypto'
import type { Attributes, MetricName } from '../model.js'
import type { Labels } from './exposition.js'

/** Characters of a label's value. A statement that is longer ends in a digest, so that two stay two. */
const valueChars = 200

/** OpenTelemetry's name of an attribute as a label: `http.request.method` to `http_request_method`. */
export const labelName = (attribute: string): string => attribute.replaceAll(/[^a-zA-Z0-9_]/g, '_')

export function labelValue(value: string): string {
  if (value.length <= valueChars) return value
  const digest = createHash('sha256').update(value).digest('hex').slice(0, 8)
  return `${value.slice(0, valueChars - 10)}… ${digest}`
}

/**
 * The labels of a histogram: the service by the name that OpenTelemetry's exporters give it, and the
 * attributes of the series. `sampled` ones do not count every request, so they stay apart.
 */
export function histogramLabels(service: string, attributes: Attributes, sampled: boolean): Labels {
  const labels: Record<string, string> = { service_name: labelValue(service) }
  for (const [name, value] of Object.entries(attributes))
    labels[labelName(name)] = labelValue(String(value))
  if (sampled) labels['hotpath_sampled'] = 'true'
  return labels
}

export function poolLabels(attributes: Attributes): Labels {
  const labels: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes))
    labels[labelName(name)] = labelValue(String(value))
  return labels
}

/** One text for one set of labels, in whatever order they came. */
export const seriesKey = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))

/** What a span and its series have in common: a failed span says more than its series. */
const common: Readonly<Record<MetricName, readonly string[]>> = {
  'http.server.request.duration': [
    'http.request.method',
    'http.route',
    'http.response.status_code',
  ],
  'db.client.operation.duration': ['db.system.name', 'db.query.text'],
  'db.client.connection.use_time': ['db.client.connection.pool.name'],
}

export const exemplarKey = (metric: MetricName, service: string, attributes: Attributes): string =>
  JSON.stringify([metric, service, ...common[metric].map(name => attributes[name] ?? null)])
