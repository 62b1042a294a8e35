import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

export type Encoding = 'json' | 'protobuf'

/** An answer, ready to be sent. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** What was refused of a request that was taken in otherwise. */
export interface PartialSuccess {
  readonly refused: number
  readonly reason: string
}

const contentTypes = { json: 'application/json', protobuf: 'application/x-protobuf' }

/** Codes of google.rpc.Code that OTLP's HTTP statuses stand for. */
const rpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  408: 4,
  413: 8,
  415: 3,
  431: 8,
  500: 13,
  503: 14,
}

/** The answer to a request that was taken in: Export{Trace,Metrics}ServiceResponse. */
export function accepted(
  signal: 'traces' | 'metrics',
  encoding: Encoding,
  partial: PartialSuccess | undefined,
): Reply {
  const name = signal === 'traces' ? 'rejectedSpans' : 'rejectedDataPoints'
  if (encoding === 'json')
    return json(
      200,
      partial === undefined
        ? {}
        : // A 64-bit integer, which JSON writes as a string.
          { partialSuccess: { [name]: String(partial.refused), errorMessage: partial.reason } },
    )
  const writer = new BinaryWriter()
  if (partial !== undefined)
    writer
      .tag(1, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.Varint)
      .int64(partial.refused)
      .tag(2, WireType.LengthDelimited)
      .string(partial.reason)
      .join()
  return { status: 200, headers: { 'content-type': contentTypes.protobuf }, body: writer.finish() }
}

/** A refusal in OTLP's form: google.rpc.Status, in the encoding of the request. */
export function refused(
  status: number,
  message: string,
  encoding: Encoding,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const code = rpcCodes[status] ?? 2
  if (encoding === 'json') return json(status, { code, message }, headers)
  const writer = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message)
  return {
    status,
    headers: { 'content-type': contentTypes.protobuf, ...headers },
    body: writer.finish(),
  }
}

function json(
  status: number,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    status,
    headers: { 'content-type': contentTypes.json, ...headers },
    body: Buffer.from(JSON.stringify(value)),
  }
}
