/**
 * The messages of OTLP that are read: one table for both encodings. Field numbers and types are those
 * of opentelemetry-proto 1.x (trace.proto, metrics.proto, common.proto); what is left out (events, exemplars, trace
 * state, status messages) is skipped, and so never stored.
 */
export type FieldType =
  | 'string'
  | 'bool'
  | 'double'
  | 'int32'
  | 'sint32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'fixed64'
  | 'sfixed64'
  | 'enum'
  /** Bytes: hexadecimal in JSON. */
  | 'id'
  /** Bytes: base64 in JSON. */
  | 'bytes'

export interface ScalarField {
  readonly number: number
  readonly type: FieldType
  readonly repeated: boolean
}
export interface MessageField {
  readonly number: number
  /** A function, since AnyValue holds itself. */
  readonly of: () => Message
  readonly repeated: boolean
}
export type Field = ScalarField | MessageField

export interface Message {
  readonly name: string
  /** By JSON name. */
  readonly fields: ReadonlyMap<string, Field>
  /** JSON name and field, by number. */
  readonly byNumber: ReadonlyMap<number, readonly [name: string, field: Field]>
  /** `trace_id` to `traceId`: names that JSON must not use. */
  readonly protoNames: ReadonlyMap<string, string>
}

/** Ids are lower case hexadecimal, bytes are base64, 64-bit integers are bigints. */
export interface AnyValue {
  stringValue?: string
  boolValue?: boolean
  intValue?: bigint
  doubleValue?: number
  arrayValue?: { values?: AnyValue[] }
  kvlistValue?: { values?: KeyValue[] }
  bytesValue?: string
}
export interface KeyValue {
  key?: string
  value?: AnyValue
}
export interface Resource {
  attributes?: KeyValue[]
}
export interface Scope {
  name?: string
  attributes?: KeyValue[]
}
export interface OtlpLink {
  traceId?: string
  spanId?: string
}
export interface OtlpSpan {
  traceId?: string
  spanId?: string
  parentSpanId?: string
  name?: string
  kind?: number
  startTimeUnixNano?: bigint
  endTimeUnixNano?: bigint
  attributes?: KeyValue[]
  links?: OtlpLink[]
  status?: { code?: number }
}
export interface TracesRequest {
  resourceSpans?: {
    resource?: Resource
    scopeSpans?: { scope?: Scope; spans?: OtlpSpan[] }[]
  }[]
}
interface DataPoint {
  attributes?: KeyValue[]
  startTimeUnixNano?: bigint
  timeUnixNano?: bigint
  flags?: number
}
export interface NumberPoint extends DataPoint {
  asDouble?: number
  asInt?: bigint
}
interface AnyHistogramPoint extends DataPoint {
  count?: bigint
  sum?: number
  min?: number
  max?: number
}
export interface ExplicitPoint extends AnyHistogramPoint {
  bucketCounts?: bigint[]
  explicitBounds?: number[]
}
export interface ExponentialPoint extends AnyHistogramPoint {
  scale?: number
  zeroCount?: bigint
  positive?: { offset?: number; bucketCounts?: bigint[] }
  negative?: { offset?: number; bucketCounts?: bigint[] }
}
interface Temporal<Point> {
  dataPoints?: Point[]
  aggregationTemporality?: number
}
export interface Metric {
  name?: string
  unit?: string
  gauge?: { dataPoints?: NumberPoint[] }
  sum?: Temporal<NumberPoint> & { isMonotonic?: boolean }
  histogram?: Temporal<ExplicitPoint>
  exponentialHistogram?: Temporal<ExponentialPoint>
}
export interface MetricsRequest {
  resourceMetrics?: {
    resource?: Resource
    scopeMetrics?: { scope?: Scope; metrics?: Metric[] }[]
  }[]
}

const scalar = (number: number, type: FieldType): ScalarField => ({ number, type, repeated: false })
const scalars = (number: number, type: FieldType): ScalarField => ({ number, type, repeated: true })
const one = (number: number, of: () => Message): MessageField => ({ number, of, repeated: false })
const many = (number: number, of: () => Message): MessageField => ({ number, of, repeated: true })

/** `traceId` to `trace_id`. */
const protoName = (key: string): string => key.replace(/[A-Z]/g, c => `_${c.toLowerCase()}`)

function message(name: string, fields: Readonly<Record<string, Field>>): Message {
  const entries = Object.entries(fields)
  return {
    name,
    fields: new Map(entries),
    byNumber: new Map(entries.map(([key, field]) => [field.number, [key, field]])),
    protoNames: new Map(
      entries.filter(([key]) => protoName(key) !== key).map(([key]) => [protoName(key), key]),
    ),
  }
}

const anyValue: Message = message('AnyValue', {
  stringValue: scalar(1, 'string'),
  boolValue: scalar(2, 'bool'),
  intValue: scalar(3, 'int64'),
  doubleValue: scalar(4, 'double'),
  arrayValue: one(5, () => arrayValue),
  kvlistValue: one(6, () => keyValueList),
  bytesValue: scalar(7, 'bytes'),
})
const arrayValue = message('ArrayValue', { values: many(1, () => anyValue) })
export const keyValue = message('KeyValue', {
  key: scalar(1, 'string'),
  value: one(2, () => anyValue),
})
const keyValueList: Message = message('KeyValueList', { values: many(1, () => keyValue) })
export const resource = message('Resource', { attributes: many(1, () => keyValue) })
export const scope = message('InstrumentationScope', {
  name: scalar(1, 'string'),
  attributes: many(3, () => keyValue),
})

export const link = message('Link', { traceId: scalar(1, 'id'), spanId: scalar(2, 'id') })
const status = message('Status', { code: scalar(3, 'enum') })
const span = message('Span', {
  traceId: scalar(1, 'id'),
  spanId: scalar(2, 'id'),
  parentSpanId: scalar(4, 'id'),
  name: scalar(5, 'string'),
  kind: scalar(6, 'enum'),
  startTimeUnixNano: scalar(7, 'fixed64'),
  endTimeUnixNano: scalar(8, 'fixed64'),
  attributes: many(9, () => keyValue),
  links: many(13, () => link),
  status: one(15, () => status),
})
const scopeSpans = message('ScopeSpans', { scope: one(1, () => scope), spans: many(2, () => span) })
const resourceSpans = message('ResourceSpans', {
  resource: one(1, () => resource),
  scopeSpans: many(2, () => scopeSpans),
})
export const tracesRequest = message('ExportTraceServiceRequest', {
  resourceSpans: many(1, () => resourceSpans),
})

const numberPoint = message('NumberDataPoint', {
  startTimeUnixNano: scalar(2, 'fixed64'),
  timeUnixNano: scalar(3, 'fixed64'),
  asDouble: scalar(4, 'double'),
  asInt: scalar(6, 'sfixed64'),
  attributes: many(7, () => keyValue),
  flags: scalar(8, 'uint32'),
})
const explicitPoint = message('HistogramDataPoint', {
  startTimeUnixNano: scalar(2, 'fixed64'),
  timeUnixNano: scalar(3, 'fixed64'),
  count: scalar(4, 'fixed64'),
  sum: scalar(5, 'double'),
  bucketCounts: scalars(6, 'fixed64'),
  explicitBounds: scalars(7, 'double'),
  attributes: many(9, () => keyValue),
  flags: scalar(10, 'uint32'),
  min: scalar(11, 'double'),
  max: scalar(12, 'double'),
})
const buckets = message('Buckets', {
  offset: scalar(1, 'sint32'),
  bucketCounts: scalars(2, 'uint64'),
})
const exponentialPoint = message('ExponentialHistogramDataPoint', {
  attributes: many(1, () => keyValue),
  startTimeUnixNano: scalar(2, 'fixed64'),
  timeUnixNano: scalar(3, 'fixed64'),
  count: scalar(4, 'fixed64'),
  sum: scalar(5, 'double'),
  scale: scalar(6, 'sint32'),
  zeroCount: scalar(7, 'fixed64'),
  positive: one(8, () => buckets),
  negative: one(9, () => buckets),
  flags: scalar(10, 'uint32'),
  min: scalar(12, 'double'),
  max: scalar(13, 'double'),
})
const temporal = (name: string, point: () => Message, more: Record<string, Field> = {}): Message =>
  message(name, { dataPoints: many(1, point), aggregationTemporality: scalar(2, 'enum'), ...more })
const sum = temporal('Sum', () => numberPoint, { isMonotonic: scalar(3, 'bool') })
const gauge = message('Gauge', { dataPoints: many(1, () => numberPoint) })
const histogram = temporal('Histogram', () => explicitPoint)
const exponentialHistogram = temporal('ExponentialHistogram', () => exponentialPoint)
const metric = message('Metric', {
  name: scalar(1, 'string'),
  unit: scalar(3, 'string'),
  gauge: one(5, () => gauge),
  sum: one(7, () => sum),
  histogram: one(9, () => histogram),
  exponentialHistogram: one(10, () => exponentialHistogram),
})
const scopeMetrics = message('ScopeMetrics', {
  scope: one(1, () => scope),
  metrics: many(2, () => metric),
})
const resourceMetrics = message('ResourceMetrics', {
  resource: one(1, () => resource),
  scopeMetrics: many(2, () => scopeMetrics),
})
export const metricsRequest = message('ExportMetricsServiceRequest', {
  resourceMetrics: many(1, () => resourceMetrics),
})
