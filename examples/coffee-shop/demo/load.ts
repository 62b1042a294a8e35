import { Agent, request } from 'node:http'
import type { RouteLoad } from './profile.js'

/** One request to be made. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly body?: string
}

export interface LoadOptions {
  /** `http://127.0.0.1:3000`. */
  readonly url: string
  readonly calls: readonly Call[]
  /** Callers at a time; each waits for its answer before it asks again. */
  readonly concurrency: number
  readonly onAnswer?: (answered: number) => void
  readonly signal?: AbortSignal
}

/** What came of a load. */
export interface LoadResult {
  readonly answered: number
  /** `GET /menu: 500` or `GET /menu: ECONNRESET`, with how often; empty when all went well. */
  readonly failures: ReadonlyMap<string, number>
}

/** A request that takes longer has failed. */
const TIMEOUT_MS = 30_000

/**
 * The calls of a run, in an order that mixes all routes and is the same in every run.
 * `requests` scales the whole; each route keeps at least six calls, so that none goes unseen.
 */
export function plan(profile: readonly RouteLoad[], requests: number): Call[] {
  const whole = profile.reduce((sum, { requests: own }) => sum + own, 0)
  const placed = profile.flatMap(load => {
    const count = Math.max(6, Math.round((load.requests * requests) / whole))
    return Array.from({ length: count }, (_, n) => {
      const body = load.body === undefined ? {} : { body: JSON.stringify(load.body(n)) }
      // The n-th of count calls lies at the same part of the run for every route.
      return { at: (n + 0.5) / count, call: { method: load.method, path: load.path(n), ...body } }
    })
  })
  return placed.sort((a, b) => a.at - b.at).map(({ call }) => call)
}

/** Makes all calls, `concurrency` at a time, over kept connections. Failures are counted, not thrown. */
export async function drive(options: LoadOptions): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.concurrency })
  const failures = new Map<string, number>()
  let next = 0
  let answered = 0

  async function caller(): Promise<void> {
    for (;;) {
      const call = options.calls[next]
      if (call === undefined || options.signal?.aborted) return
      next += 1
      const outcome = await ask(options.url, agent, call)
      answered += 1
      if (typeof outcome === 'string' || outcome >= 400) {
        const key = `${call.method} ${call.path}: ${outcome}`
        failures.set(key, (failures.get(key) ?? 0) + 1)
      }
      options.onAnswer?.(answered)
    }
  }

  await Promise.all(Array.from({ length: options.concurrency }, caller))
  agent.destroy()
  return { answered, failures }
}

/** Resolves with the status, or the code of the error, once the whole answer is there. */
function ask(url: string, agent: Agent, { method, path, body }: Call): Promise<number | string> {
  return new Promise(resolve => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const call = request(new URL(path, url), { method, agent, headers, timeout: TIMEOUT_MS })
    const failed = (error: NodeJS.ErrnoException): void => resolve(error.code ?? error.message)
    call.on('timeout', () => call.destroy(new Error('timeout')))
    call.on('error', failed)
    call.on('response', response => {
      response.on('error', failed)
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.resume()
    })
    call.end(body)
  })
}
