import { request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { PurgeResult } from '../../config/cdn.js'

/** An answer longer than this says no more than its beginning. */
const MOST_BYTES = 65_536

export interface Call {
  readonly method: string
  readonly url: string
  /** Sent as it is, instead of the path of `url`, which a URL would normalise: `/a/../b` and `/'` stay so. */
  readonly path?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/**
 * One HTTP request. `fetch` would not let Host be another than the address. A connection that was kept and
 * that the other side has closed meanwhile says nothing of it: a purge may be sent twice.
 */
export async function call(sent: Call, signal: AbortSignal): Promise<Reply> {
  const first = await attempt(sent, signal, true)
  return first ?? ((await attempt(sent, signal, false)) as Reply)
}

/** Undefined: it failed on a connection that was kept. */
function attempt(
  { method, url, path, headers, body }: Call,
  signal: AbortSignal,
  keeps: boolean,
): Promise<Reply | undefined> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? overHttps : overHttp
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
    const options = { method, headers: { ...headers, ...length }, signal }
    const target = path === undefined ? {} : { path }
    const agent = keeps ? {} : { agent: false }
    const sent = request(url, { ...options, ...target, ...agent }, response => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= MOST_BYTES) chunks.push(chunk)
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
      response.on('error', reject)
    })
    sent.on('error', error => {
      if (keeps && sent.reusedSocket && !signal.aborted) resolve(undefined)
      else reject(error)
    })
    sent.end(body)
  })
}

/** What a reply means to a purge: 429 and 5xx may pass, other refusals stay until somebody changes something. */
export function resultOf({ status, headers }: Reply): PurgeResult {
  if (status >= 200 && status < 300) return { ok: true }
  const reason = `status ${status}`
  if (status !== 429 && status < 500 && status !== 408) return { ok: false, reason, final: true }
  const retryAfterMs = retryAfter(headers['retry-after'])
  return { ok: false, reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfter(value: string | string[] | undefined): number | undefined {
  const text = String(value ?? '')
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - Date.now())
}
