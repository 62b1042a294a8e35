import { forgetToken, token } from './token.js'

/** Why there is no answer: what happened, and what to do next. */
export class AskError extends Error {
  constructor(
    /** Of the console's table of errors, or AWAY, SLOW, FOREIGN. */
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message)
    this.name = 'AskError'
  }

  /** Whether asking again may help without anyone doing anything. */
  get passes(): boolean {
    return this.status === 0 || this.status >= 500
  }
}

/** Longer than the slowest question over ten million spans; a console that hangs is told as such. */
const patienceMs = 30_000

/**
 * Asks the console that served this page: `ask<RoutesAnswer>('routes?since=15m')`. Rejects with an
 * `AskError`, or with what `signal` was aborted with.
 */
export async function ask<T>(
  path: string,
  signal: AbortSignal,
  secret: string | null = token(),
): Promise<T> {
  const timeout = AbortSignal.timeout(patienceMs)
  let response: Response
  try {
    response = await fetch(`/api/${path}`, {
      headers: secret === null ? {} : { authorization: `Bearer ${secret}` },
      signal: AbortSignal.any([signal, timeout]),
      cache: 'no-store',
    })
  } catch (error) {
    if (signal.aborted) throw error
    if (timeout.aborted)
      throw new AskError('SLOW', `The console did not answer within ${patienceMs / 1e3} s.`, 0)
    throw new AskError('AWAY', 'The console does not answer. Is it running?', 0)
  }
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { code?: string; message?: string } }
    | undefined
  if (response.ok && body !== undefined) return body as T
  if (response.status === 401) forgetToken(secret)
  throw new AskError(
    body?.error?.code ?? 'FOREIGN',
    body?.error?.message ?? `What answered is not the console: HTTP ${response.status}.`,
    response.status,
  )
}
