import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/**
 * Writes a request, given in the form of OTLP/JSON, as protobuf. The field numbers are copied out of
 * opentelemetry-proto by hand and not out of our reader, so that one checks the other.
 */
type Kind =
  | 'string'
  | 'hex'
  | 'base64'
  | 'bool'
  | 'double'
  | 'fixed64'
  | 'sfixed64'
  | 'int64'
  | 'uint64'
  | 'enum'
  | 'sint32'
  | 'uint32'
  | Shape
type Shape = { readonly [name: string]: readonly [number: number, kind: Kind] }

const anyValue: Record<string, readonly [number, Kind]> = {
  stringValue: [1, 'string'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int64'],
  doubleValue: [4, 'double'],
  bytesValue: [7, 'base64'],
}
const keyValue: Shape = { key: [1, 'string'], value: [2, anyValue] }
anyValue['arrayValue'] = [5, { values: [1, anyValue] }]
anyValue['kvlistValue'] = [6, { values: [1, keyValue] }]
const resource: Shape = { attributes: [1, keyValue] }
const scope: Shape = { name: [1, 'string'], version: [2, 'string'], attributes: [3, keyValue] }
const span: Shape = {
  traceId: [1, 'hex'],
  spanId: [2, 'hex'],
  traceState: [3, 'string'],
  parentSpanId: [4, 'hex'],
  name: [5, 'string'],
  kind: [6, 'enum'],
  startTimeUnixNano: [7, 'fixed64'],
  endTimeUnixNano: [8, 'fixed64'],
  attributes: [9, keyValue],
  events: [11, { timeUnixNano: [1, 'fixed64'], name: [2, 'string'], attributes: [3, keyValue] }],
  links: [13, { traceId: [1, 'hex'], spanId: [2, 'hex'] }],
  status: [15, { message: [2, 'string'], code: [3, 'enum'] }],
}
const times: Shape = { startTimeUnixNano: [2, 'fixed64'], timeUnixNano: [3, 'fixed64'] }
const number: Shape = {
  ...times,
  asDouble: [4, 'double'],
  asInt: [6, 'sfixed64'],
  attributes: [7, keyValue],
}
const explicit: Shape = {
  ...times,
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  bucketCounts: [6, 'fixed64'],
  explicitBounds: [7, 'double'],
  attributes: [9, keyValue],
  min: [11, 'double'],
  max: [12, 'double'],
}
const buckets: Shape = { offset: [1, 'sint32'], bucketCounts: [2, 'uint64'] }
const exponential: Shape = {
  ...times,
  attributes: [1, keyValue],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  scale: [6, 'sint32'],
  zeroCount: [7, 'fixed64'],
  positive: [8, buckets],
  negative: [9, buckets],
  min: [12, 'double'],
  max: [13, 'double'],
}
const temporality: Shape = { aggregationTemporality: [2, 'enum'] }
const metric: Shape = {
  name: [1, 'string'],
  description: [2, 'string'],
  unit: [3, 'string'],
  gauge: [5, { dataPoints: [1, number] }],
  sum: [7, { dataPoints: [1, number], ...temporality, isMonotonic: [3, 'bool'] }],
  histogram: [9, { dataPoints: [1, explicit], ...temporality }],
  exponentialHistogram: [10, { dataPoints: [1, exponential], ...temporality }],
}

const requests: Record<'traces' | 'metrics', Shape> = {
  traces: {
    resourceSpans: [
      1,
      { resource: [1, resource], scopeSpans: [2, { scope: [1, scope], spans: [2, span] }] },
    ],
  },
  metrics: {
    resourceMetrics: [
      1,
      { resource: [1, resource], scopeMetrics: [2, { scope: [1, scope], metrics: [2, metric] }] },
    ],
  },
}

/** Lists of numbers that proto3 packs. */
const packed = new Set<Kind>(['fixed64', 'double', 'uint64'])

export function protobuf(signal: 'traces' | 'metrics', request: object): Uint8Array {
  const writer = new BinaryWriter()
  write(writer, requests[signal], request)
  return writer.finish()
}

function write(writer: BinaryWriter, shape: Shape, value: object): void {
  for (const [name, content] of Object.entries(value)) {
    const field = shape[name]
    if (field === undefined) throw new Error(`The test's encoder does not know ${name}.`)
    const [number, kind] = field
    if (Array.isArray(content) && packed.has(kind)) {
      writer.tag(number, WireType.LengthDelimited).fork()
      for (const item of content as unknown[]) scalar(writer, kind, item)
      writer.join()
    } else
      for (const item of Array.isArray(content) ? (content as unknown[]) : [content])
        one(writer, number, kind, item)
  }
}

function one(writer: BinaryWriter, number: number, kind: Kind, value: unknown): void {
  if (typeof kind !== 'string') {
    writer.tag(number, WireType.LengthDelimited).fork()
    write(writer, kind, value as object)
    writer.join()
    return
  }
  const bytes = kind === 'string' || kind === 'hex' || kind === 'base64'
  const fixed = kind === 'double' || kind === 'fixed64' || kind === 'sfixed64'
  writer.tag(number, bytes ? WireType.LengthDelimited : fixed ? WireType.Bit64 : WireType.Varint)
  scalar(writer, kind, value)
}

function scalar(writer: BinaryWriter, kind: Kind, value: unknown): void {
  if (kind === 'hex' || kind === 'base64') writer.bytes(Buffer.from(value as string, kind))
  else if (kind === 'string') writer.string(value as string)
  else if (kind === 'bool') writer.bool(value as boolean)
  else if (kind === 'double') writer.double(value as number)
  else if (kind === 'enum') writer.int32(value as number)
  else if (kind === 'sint32' || kind === 'uint32') writer[kind](value as number)
  else if (typeof kind === 'string') writer[kind](BigInt(value as string | number))
}
