import type { IncomingMessage, ServerResponse } from 'node:http'

/** An answer that was given, as far as Node shows it. */
export interface Answer {
  readonly method: string
  readonly url: string
  /** `1.1` */
  readonly version: string
  /** Names and values in turn. */
  readonly requestFields: readonly string[]
  readonly statusCode: number
  /** Status line and header fields as they went out; '' when none did. */
  readonly head: string
  /** What was given to `end` when nothing was written before: the whole body. */
  readonly body: string | Uint8Array | undefined
}

/** A slow client takes long to be sent its answer: a larger one is not held for the time of it. */
const MAX_HELD = 1_000_000

/** Node's own field, which is no getter: `headersSent` says that the head was made, not that it left. */
type HeadKnown = ServerResponse & { readonly _headerSent?: boolean }

/** What `end` was given, when that is all of the body: nothing has left before it. */
export function wholeBody(response: ServerResponse, chunk: unknown): Answer['body'] {
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return undefined
  if (chunk.length > MAX_HELD) return undefined
  return (response as HeadKnown)._headerSent === false ? chunk : undefined
}

/** @param asked As it came: a router may have changed the request's own since, and left it so. */
export function answerOf(
  asked: { readonly method: string; readonly url: string },
  { httpVersion }: IncomingMessage,
  requestFields: readonly string[],
  response: ServerResponse,
  body: Answer['body'],
): Answer {
  // As it is on the wire, for each way in which frameworks write it: `setHeader`, `writeHead`, none.
  const head: unknown = Reflect.get(response, '_header')
  return {
    method: asked.method,
    url: asked.url,
    version: httpVersion,
    requestFields,
    statusCode: response.statusCode,
    head: typeof head === 'string' ? head : '',
    body: asked.method === 'HEAD' ? undefined : body,
  }
}

/** A header field of the answer, in lower case. */
export function sentField({ head }: Answer, name: string): string | undefined {
  const lower = head.toLowerCase()
  const at = lower.indexOf(`\r\n${name}:`)
  if (at < 0) return undefined
  const from = at + name.length + 3
  const end = lower.indexOf('\r\n', from)
  return lower.slice(from, end < 0 ? undefined : end).trim()
}

/** A header field of the request. */
export function askedField({ requestFields }: Answer, name: string): string | undefined {
  for (let at = 0; at + 1 < requestFields.length; at += 2) {
    const field = requestFields[at] as string
    if (field.length === name.length && field.toLowerCase() === name) return requestFields[at + 1]
  }
  return undefined
}

/** Larger bodies are not read: a quarter of a megabyte takes some milliseconds. */
const MAX_READ = 250_000

/** The text of a JSON answer that is whole, not encoded and not too large to be read. */
export function jsonOf(answer: Answer): string | undefined {
  const { body } = answer
  if (body === undefined || body.length > MAX_READ) return undefined
  if (sentField(answer, 'content-encoding') !== undefined) return undefined
  if (typeOf(answer) !== 'json') return undefined
  return typeof body === 'string' ? body : asBuffer(body).toString('utf8')
}

/** What a body is, as far as it matters to compression and to reading. */
export function typeOf(answer: Answer): 'json' | 'text' | 'other' {
  const type = sentField(answer, 'content-type') ?? ''
  if (/^application\/(?:[\w.+-]+\+)?json\b/.test(type)) return 'json'
  return /^(?:text\/|application\/(?:javascript|xml|x-ndjson)|image\/svg)/.test(type)
    ? 'text'
    : 'other'
}

/** Bytes of the body as it was sent; undefined when neither a length was told nor the whole was given at once. */
export function sizeOf(answer: Answer): number | undefined {
  if (answer.method === 'HEAD') return undefined
  const told = Number(sentField(answer, 'content-length') ?? Number.NaN)
  if (Number.isSafeInteger(told)) return told
  return answer.body === undefined ? undefined : Buffer.byteLength(answer.body)
}

const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)
