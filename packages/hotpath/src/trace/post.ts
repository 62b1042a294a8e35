import http from 'node:http'
import https from 'node:https'
import { rejectedInProtobuf } from './protobuf.js'

/** What became of one POST. */
export type Outcome =
  /** 2xx; the receiver left out `rejected` of the items. */
  | { readonly kind: 'accepted'; readonly rejected: number }
  /** Worth another try: 429, 502, 503, 504 (the OTLP specification's list). */
  | { readonly kind: 'busy'; readonly retryAfterMs: number | undefined }
  /** Nobody answered. */
  | { readonly kind: 'unreachable' }
  /** Any other status: the same bytes would be refused again. */
  | { readonly kind: 'refused'; readonly status: number }

const TIMEOUT_MS = 10_000
const RETRYABLE = new Set([429, 502, 503, 504])
/** More of an answer than this is not read: `partialSuccess` is short. */
const MAX_ANSWER_BYTES = 64 * 1024

/** Posts to one receiver over connections that stay open. */
export class Poster {
  private readonly agent: http.Agent
  private readonly request: typeof http.request

  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {
    const secure = /^https:/i.test(url)
    this.agent = new (secure ? https : http).Agent({ keepAlive: true, maxSockets: 2 })
    this.request = secure ? https.request : http.request
  }

  /** Never rejects. */
  post(body: Buffer): Promise<Outcome> {
    return new Promise(resolve => {
      const unreachable = () => resolve({ kind: 'unreachable' })
      const request = this.open(body.length)
      // Headers that Node refuses would be refused again.
      if (request === undefined) return resolve({ kind: 'refused', status: 0 })
      request.on('error', unreachable)
      // The socket's time-out is one of silence; a receiver that trickles is cut off as well.
      const deadline = setTimeout(() => request.destroy(new Error('timeout')), TIMEOUT_MS)
      request.on('close', () => clearTimeout(deadline))
      request.on('timeout', () => request.destroy(new Error('timeout')))
      request.on('response', response => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk)
        })
        response.on('error', unreachable)
        response.on('close', unreachable)
        response.on('end', () => resolve(outcomeOf(response, Buffer.concat(chunks))))
      })
      request.end(body)
    })
  }

  private open(length: number): http.ClientRequest | undefined {
    try {
      return this.request(this.url, {
        method: 'POST',
        agent: this.agent,
        timeout: TIMEOUT_MS,
        headers: { ...this.headers, 'content-length': length },
      })
    } catch {
      return undefined
    }
  }
}

function outcomeOf(response: http.IncomingMessage, answer: Buffer): Outcome {
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) {
    const binary = /protobuf/i.test(response.headers['content-type'] ?? '')
    const rejected = binary ? rejectedInProtobuf(answer) : rejectedIn(answer.toString())
    return { kind: 'accepted', rejected }
  }
  if (RETRYABLE.has(status)) {
    return { kind: 'busy', retryAfterMs: retryAfterMs(response.headers['retry-after']) }
  }
  return { kind: 'refused', status }
}

/** `Retry-After` in seconds or as a date, RFC 9110 section 10.2.3. */
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined
}

/** `partialSuccess` of an OTLP answer: what was left out of an accepted export. */
function rejectedIn(answer: string): number {
  try {
    const { partialSuccess } = JSON.parse(answer) as {
      partialSuccess?: { rejectedSpans?: unknown; rejectedDataPoints?: unknown }
    }
    const rejected = Number(
      partialSuccess?.rejectedSpans ?? partialSuccess?.rejectedDataPoints ?? 0,
    )
    return Number.isFinite(rejected) && rejected > 0 ? rejected : 0
  } catch {
    return 0
  }
}
