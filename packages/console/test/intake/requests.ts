/** OTLP requests as JSON writes them, small and readable. */

export const nowNs = (): bigint => BigInt(Date.now()) * 1_000_000n

export const keyValue = (key: string, value: string | number | boolean): object => ({
  key,
  value:
    typeof value === 'string'
      ? { stringValue: value }
      : typeof value === 'boolean'
        ? { boolValue: value }
        : Number.isInteger(value)
          ? { intValue: String(value) }
          : { doubleValue: value },
})

export const attributes = (values: Record<string, string | number | boolean>): object[] =>
  Object.entries(values).map(([key, value]) => keyValue(key, value))

export const resource = (service = 'shop', instance = 'process 1', more = {}): object => ({
  attributes: attributes({ 'service.name': service, 'service.instance.id': instance, ...more }),
})

/** A server span of 5 ms that began a second ago. */
export const span = (more: object = {}): Record<string, unknown> => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'GET /orders/:id',
  kind: 2,
  startTimeUnixNano: String(nowNs() - 1_000_000_000n),
  endTimeUnixNano: String(nowNs() - 995_000_000n),
  attributes: attributes({
    'http.request.method': 'GET',
    'http.route': '/orders/:id',
    'http.response.status_code': 200,
  }),
  ...more,
})

export const traces = (spans: readonly object[], from = resource()): object => ({
  resourceSpans: [{ resource: from, scopeSpans: [{ scope: { name: 'test' }, spans }] }],
})

export const metrics = (
  list: readonly object[],
  { from = resource(), sequence }: { from?: object; sequence?: number } = {},
): object => ({
  resourceMetrics: [
    {
      resource: from,
      scopeMetrics: [
        {
          scope: {
            name: 'test',
            attributes: sequence === undefined ? [] : attributes({ 'hotpath.sequence': sequence }),
          },
          metrics: list,
        },
      ],
    },
  ],
})

const requestAttributes = attributes({ 'http.request.method': 'GET', 'http.route': '/orders/:id' })

/** `count` requests in the exponential bucket `offset` of scale 4, as our recorder reports them. */
export const exponential = (count: number, more: object = {}): object => ({
  name: 'http.server.request.duration',
  unit: 's',
  exponentialHistogram: {
    aggregationTemporality: 1,
    dataPoints: [
      {
        startTimeUnixNano: String(nowNs() - 1_000_000_000n),
        timeUnixNano: String(nowNs()),
        count: String(count),
        sum: count / 64,
        scale: 4,
        zeroCount: '0',
        positive: { offset: -96, bucketCounts: [String(count)] },
        attributes: requestAttributes,
        ...more,
      },
    ],
  },
})

/** Requests in explicit buckets of seconds. */
export const explicit = (
  bounds: readonly number[],
  counts: readonly number[],
  more: object = {},
  { name = 'http.server.request.duration', unit = 's', temporality = 1 } = {},
): object => ({
  name,
  unit,
  histogram: {
    aggregationTemporality: temporality,
    dataPoints: [
      {
        startTimeUnixNano: String(nowNs() - 1_000_000_000n),
        timeUnixNano: String(nowNs()),
        count: String(counts.reduce((a, b) => a + b, 0)),
        sum: 1,
        explicitBounds: bounds,
        bucketCounts: counts.map(String),
        attributes: requestAttributes,
        ...more,
      },
    ],
  },
})
