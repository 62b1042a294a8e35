import { version } from '../../version.js'
import type { Outcome } from '../outbox.js'
import { oneLine } from '../words.js'
import type { NotifierRequest } from './notifier.js'

/** Standard Webhooks recommends 15 to 30 s. */
export const patienceMs = 15_000
/** Longer answers are not read on. */
const answerBytes = 2_000

/** Answers to a message that is wrong in itself: the same again would be refused again. */
const refusals = new Set([400, 410, 413, 422])

/**
 * Sends one request. Never throws. What comes back says why it failed, and never holds the address: that
 * of Slack is a secret.
 */
export async function send(
  { url, headers, body }: NotifierRequest,
  signal: AbortSignal,
  nowMs: number,
  withinMs = patienceMs,
): Promise<Outcome> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': `hotpath-console/${version}`,
        ...headers,
      },
      body,
      // A redirect would carry the message elsewhere: whoever moved has to say so in the config.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
    })
    const said = await answerOf(response)
    if (response.ok) return { kind: 'delivered' }
    const error = `it answered ${response.status}${said === '' ? '' : `: ${said}`}`
    if (refusals.has(response.status)) return { kind: 'refused', error }
    const afterMs = retryAfterMs(response.headers.get('retry-after'), nowMs)
    return { kind: 'failed', error, ...(afterMs === undefined ? {} : { afterMs }) }
  } catch (error) {
    return { kind: 'failed', error: causeOf(error, withinMs) }
  }
}

async function answerOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  if (response.body !== null)
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      bytes += chunk.length
      // Leaving the loop cancels the rest.
      if (bytes >= answerBytes) break
    }
  return oneLine(Buffer.concat(chunks).toString('utf8'), 200)
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1e3
  const ms = Date.parse(header)
  return Number.isNaN(ms) ? undefined : Math.max(0, ms - nowMs)
}

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNRESET: 'it broke off the connection',
  UND_ERR_SOCKET: 'it broke off the connection',
}

function causeOf(error: unknown, withinMs: number): string {
  if (!(error instanceof Error)) return 'it failed'
  if (error.name === 'TimeoutError') return `it did not answer within ${withinMs / 1e3} s`
  if (error.name === 'AbortError') return 'the console was closed meanwhile'
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  return causes[code] ?? (code === '' ? 'the connection failed' : `the connection failed (${code})`)
}
