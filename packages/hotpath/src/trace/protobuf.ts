/**
 * OTLP's protobuf, from the form of its JSON: many backends take nothing else. A table of field numbers
 * (opentelemetry-proto 1.x: trace.proto, metrics.proto, common.proto) and a writer, of what we send only;
 * a library would be a dependency in the user's process.
 */
export type Signal = 'traces' | 'metrics'

type Kind =
  | 'string'
  | 'hex'
  | 'bool'
  | 'double'
  | 'fixed64'
  | 'int64'
  | 'uint64'
  | 'int32'
  | 'sint32'
  | Shape
interface Shape {
  readonly [name: string]: readonly [number: number, kind: Kind]
}

const anyValue: Record<string, readonly [number, Kind]> = {
  stringValue: [1, 'string'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int64'],
  doubleValue: [4, 'double'],
}
anyValue['arrayValue'] = [5, { values: [1, anyValue] }]
const attributes = (number: number): readonly [number, Kind] => [
  number,
  { key: [1, 'string'], value: [2, anyValue] },
]
const resource: readonly [number, Kind] = [1, { attributes: attributes(1) }]
const scope: readonly [number, Kind] = [
  1,
  { name: [1, 'string'], version: [2, 'string'], attributes: attributes(3) },
]
const span: Shape = {
  traceId: [1, 'hex'],
  spanId: [2, 'hex'],
  parentSpanId: [4, 'hex'],
  name: [5, 'string'],
  kind: [6, 'int32'],
  startTimeUnixNano: [7, 'fixed64'],
  endTimeUnixNano: [8, 'fixed64'],
  attributes: attributes(9),
  links: [13, { traceId: [1, 'hex'], spanId: [2, 'hex'] }],
  status: [15, { code: [3, 'int32'] }],
}
const times: Shape = { startTimeUnixNano: [2, 'fixed64'], timeUnixNano: [3, 'fixed64'] }
const numbers: readonly [number, Kind] = [
  1,
  { ...times, asDouble: [4, 'double'], asInt: [6, 'fixed64'], attributes: attributes(7) },
]
const metric: Shape = {
  name: [1, 'string'],
  unit: [3, 'string'],
  gauge: [5, { dataPoints: numbers }],
  sum: [
    7,
    {
      dataPoints: numbers,
      aggregationTemporality: [2, 'int32'],
      isMonotonic: [3, 'bool'],
    },
  ],
  exponentialHistogram: [
    10,
    {
      dataPoints: [
        1,
        {
          ...times,
          attributes: attributes(1),
          count: [4, 'fixed64'],
          sum: [5, 'double'],
          scale: [6, 'sint32'],
          zeroCount: [7, 'fixed64'],
          positive: [8, { offset: [1, 'sint32'], bucketCounts: [2, 'uint64'] }],
          min: [12, 'double'],
          max: [13, 'double'],
        },
      ],
      aggregationTemporality: [2, 'int32'],
    },
  ],
}
const requests: Readonly<Record<Signal, Shape>> = {
  traces: {
    resourceSpans: [1, { resource, scopeSpans: [2, { scope, spans: [2, span] }] }],
  },
  metrics: {
    resourceMetrics: [1, { resource, scopeMetrics: [2, { scope, metrics: [2, metric] }] }],
  },
}

/** The bytes of a request. What the table does not know is a fault of ours, and throws. */
export function encodeProtobuf(signal: Signal, request: object): Buffer {
  const writer = new BackwardWriter()
  writeMessage(writer, requests[signal], request)
  return writer.finish()
}

/** Written from its end to its start, a message's length is known when its tag is due. */
class BackwardWriter {
  #buffer = Buffer.allocUnsafe(64 * 1024)
  #at = this.#buffer.length

  get length(): number {
    return this.#buffer.length - this.#at
  }

  finish(): Buffer {
    return this.#buffer.subarray(this.#at)
  }

  /** Makes room for `bytes` before what is there, and returns where. */
  before(bytes: number): { readonly buffer: Buffer; readonly at: number } {
    if (bytes > this.#at) {
      const { length } = this
      const larger = Buffer.allocUnsafe(2 * (length + bytes))
      this.#buffer.copy(larger, larger.length - length, this.#at)
      this.#buffer = larger
      this.#at = larger.length - length
    }
    this.#at -= bytes
    return { buffer: this.#buffer, at: this.#at }
  }

  varint(value: bigint): void {
    let bytes = 1
    for (let left = value >> 7n; left > 0n; left >>= 7n) bytes++
    const { buffer, at } = this.before(bytes)
    for (let n = 0; n < bytes; n++) {
      const low = Number((value >> BigInt(7 * n)) & 127n)
      buffer[at + n] = n === bytes - 1 ? low : low | 128
    }
  }

  tag(number: number, wireType: number): void {
    this.varint(BigInt((number << 3) | wireType))
  }
}

const VARINT = 0
const FIXED = 1
const DELIMITED = 2

function writeMessage(writer: BackwardWriter, shape: Shape, message: object): void {
  for (const [name, content] of Object.entries(message).toReversed()) {
    const field = shape[name]
    if (field === undefined) throw new Error(`no field number for ${name}`)
    const [number, kind] = field
    if (name === 'bucketCounts') writePacked(writer, number, kind, content as unknown[])
    else if (Array.isArray(content))
      for (const item of (content as unknown[]).toReversed()) writeField(writer, number, kind, item)
    else writeField(writer, number, kind, content)
  }
}

function writePacked(writer: BackwardWriter, number: number, kind: Kind, items: unknown[]): void {
  const end = writer.length
  for (const item of items.toReversed()) writeScalar(writer, kind, item)
  writer.varint(BigInt(writer.length - end))
  writer.tag(number, DELIMITED)
}

function writeField(writer: BackwardWriter, number: number, kind: Kind, value: unknown): void {
  const end = writer.length
  if (typeof kind === 'object') writeMessage(writer, kind, value as object)
  else writeScalar(writer, kind, value)
  const delimited = typeof kind === 'object' || kind === 'string' || kind === 'hex'
  if (delimited) writer.varint(BigInt(writer.length - end))
  writer.tag(
    number,
    delimited ? DELIMITED : kind === 'double' || kind === 'fixed64' ? FIXED : VARINT,
  )
}

function writeScalar(writer: BackwardWriter, kind: Kind, value: unknown): void {
  if (kind === 'string') {
    const { buffer, at } = writer.before(Buffer.byteLength(value as string))
    buffer.write(value as string, at)
  } else if (kind === 'hex') {
    const { buffer, at } = writer.before((value as string).length / 2)
    buffer.write(value as string, at, 'hex')
  } else if (kind === 'double') {
    const { buffer, at } = writer.before(8)
    buffer.writeDoubleLE(Number(value), at)
  } else if (kind === 'fixed64') {
    const { buffer, at } = writer.before(8)
    buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value as string)), at)
  } else if (kind === 'sint32') {
    writer.varint(
      BigInt.asUintN(32, (BigInt(value as number) << 1n) ^ (BigInt(value as number) >> 31n)),
    )
  } else {
    writer.varint(BigInt.asUintN(64, BigInt(value as string | number | boolean)))
  }
}

/** `rejected_spans` or `rejected_data_points` of a protobuf answer: field 1 of field 1. 0 without one. */
export function rejectedInProtobuf(answer: Uint8Array): number {
  if (answer[0] !== 0x0a) return 0
  // Behind the length, which an error message may make two or three bytes long.
  let at = 1
  while (at < 6 && (answer[at] ?? 0) > 127) at++
  return answer[at + 1] === 0x08 ? varintAt(answer, at + 2) : 0
}

function varintAt(bytes: Uint8Array, from: number): number {
  let value = 0
  for (let at = from, factor = 1; at < bytes.length && at < from + 8; at++, factor *= 128) {
    const byte = bytes[at] as number
    value += (byte & 127) * factor
    if (byte < 128) return value
  }
  return 0
}
