import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'

/** So long a body may take to arrive, or an answer to be fetched, before it counts as its client's work. */
const MOST_TRANSFER_MS = 1_000

/** Where a limit of ours keeps a request, and for how long is no matter of the process: src/limit. */
const HELD = Symbol.for('hotpath.held')

/** Types of answers that go on for as long as somebody listens. */
const STREAMS = /^content-type: *(?:text\/event-stream|multipart\/x-mixed-replace)/im

/** What a request of HTTP/2, or its response, comes by; undefined: it is of HTTP/1. */
export function streamOf(message: IncomingMessage | ServerResponse): ServerHttp2Stream | undefined {
  const { stream } = message as { stream?: Partial<ServerHttp2Stream> }
  return typeof stream?.pushAllowed === 'boolean' ? (stream as ServerHttp2Stream) : undefined
}

/** The head as it was written: `getHeader` knows nothing of what `writeHead` alone was given, but of HTTP/2. */
function headOf(response: ServerResponse): string {
  if (streamOf(response) !== undefined)
    return `content-type: ${String(response.getHeader('content-type'))}`
  return (response as unknown as { _header?: string | null })._header ?? ''
}

/** Whether an answer is an event-stream, once its head is out. */
export function isStream(response: ServerResponse): boolean {
  return response.headersSent && STREAMS.test(headOf(response))
}

/**
 * Whether the client of a request has closed its connection, or of HTTP/2 this stream. Of one that stands behind
 * others there, whose answer has to wait for theirs, Node emits no `close`.
 */
export const hasLeft = (request: IncomingMessage): boolean =>
  (streamOf(request) ?? request.socket)?.destroyed === true

/**
 * Whether a request no longer takes part in the work of the process: an event-stream is open, the client has
 * left, or is slow to send its body, or slow to take its answer.
 */
export function isOpenEnded(
  request: IncomingMessage,
  response: ServerResponse,
  tookMs: number,
): boolean {
  if (isStream(response) || Reflect.get(response, HELD) === true || hasLeft(request)) return true
  if (tookMs < MOST_TRANSFER_MS) return false
  return !hasArrived(request) || (response.writableEnded && !isFinished(response))
}

/** Of HTTP/2 `complete` says whether the app has read it. */
function hasArrived(request: IncomingMessage): boolean {
  return request.complete || streamOf(request)?.state.remoteClose === 1
}

function isFinished(response: ServerResponse): boolean {
  const stream = streamOf(response)
  if (stream === undefined) return response.writableFinished
  return stream.writableFinished && stream.rstCode === 0
}

/** Whether the time that an answer took says how fast the app is: what was refused, or failed, took its own. */
export function tellsLatency(response: ServerResponse): boolean {
  const { statusCode } = response
  if (Reflect.get(response, HELD) === true || statusCode === 429 || statusCode >= 500) return false
  return isFinished(response) && !isStream(response)
}
