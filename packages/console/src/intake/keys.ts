import type { AttributeValue, Attributes, MetricName } from '../model.js'
import { limits } from './otlp/malformed.js'

/**
 * The attributes that tell the series of a metric apart. Others (server address, URL scheme) are
 * dropped: they multiply the series, and routes and statements are what is asked for.
 */
const kept: Readonly<Record<MetricName, readonly string[]>> = {
  'http.server.request.duration': [
    'http.request.method',
    'http.route',
    'http.response.status_code',
    'error.type',
    'hotpath.route.guessed',
    'otel.metric.overflow',
  ],
  'db.client.operation.duration': [
    'db.system.name',
    'db.query.text',
    'db.query.summary',
    'db.operation.name',
    'db.collection.name',
    'error.type',
    'otel.metric.overflow',
  ],
  'db.client.connection.use_time': ['db.client.connection.pool.name', 'otel.metric.overflow'],
}

export function keyAttributes(metric: MetricName, attributes: Attributes): Attributes {
  const result: Record<string, AttributeValue> = {}
  for (const name of kept[metric]) {
    const value = attributes[name]
    if (value === undefined) continue
    result[name] =
      typeof value === 'string' && value.length > limits.keyChars
        ? `${value.slice(0, limits.keyChars - 1)}…`
        : value
  }
  return result
}

/** The metric and the values of its key attributes in their order: equal for equal keys, and cheap. */
export function keyValues(
  metric: MetricName,
  attributes: Attributes,
): readonly (AttributeValue | undefined)[] {
  return [metric, ...kept[metric].map(name => attributes[name])]
}
