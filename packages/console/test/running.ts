import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startConsole, type ConsoleOptions, type RunningConsole } from '../dist/console.js'

export interface Place {
  readonly directory: string
  /** Starts a console on a free port, with its store in this place. */
  start(options?: ConsoleOptions): Promise<RunningConsole>
}

/** Runs `work` with a directory of its own; consoles that it started are closed afterwards. */
export async function withPlace<T>(work: (place: Place) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'hotpath-console-'))
  const started: RunningConsole[] = []
  try {
    return await work({
      directory,
      start: async options => {
        const running = await startConsole({ port: 0, directory, ...options })
        started.push(running)
        return running
      },
    })
  } finally {
    for (const running of started) await running.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

export const withConsole = <T>(work: (running: RunningConsole) => Promise<T>): Promise<T> =>
  withPlace(async place => work(await place.start()))

/** Everything that was ever stored. */
export const always = { sinceMs: 0 }

export interface Answered {
  readonly status: number
  readonly type: string | null
  readonly bytes: Uint8Array
  readonly json: unknown
}

export async function post(
  url: string,
  body: object | string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const raw = typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(url, {
    method: 'POST',
    body: raw ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const type = response.headers.get('content-type')
  const json: unknown =
    type === 'application/json' ? JSON.parse(Buffer.from(bytes).toString()) : null
  return { status: response.status, type, bytes, json }
}

export const asProtobuf = { 'content-type': 'application/x-protobuf' }
