import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type FindingsAnswer,
  type RoutesAnswer,
  type RunningConsole,
  type Span,
  startConsole,
  type StatementsAnswer,
  type StatusAnswer,
  type TraceAnswer,
  type TracesAnswer,
} from '@hotpath/console'

interface Answers {
  routes: RoutesAnswer
  statements: StatementsAnswer
  traces: TracesAnswer
  findings: FindingsAnswer
  status: StatusAnswer
}

/** A console of a test's own: in this process, on a free port, with a store that goes with it. */
export class TestConsole implements AsyncDisposable {
  readonly url: string
  readonly #running: RunningConsole
  readonly #folder: string

  private constructor(running: RunningConsole, folder: string) {
    this.#running = running
    this.#folder = folder
    this.url = running.url
  }

  /** Port 0 is a free one. */
  static async start(port = 0): Promise<TestConsole> {
    const folder = mkdtempSync(join(tmpdir(), 'hotpath-console-'))
    return new TestConsole(await startConsole({ port, directory: folder }), folder)
  }

  /** What an app is given to send its telemetry here, and often. */
  get env(): Record<string, string> {
    // A busy machine takes longer than what an app should wait at its end.
    return { HOTPATH_ENDPOINT: this.url, HOTPATH_MODE: 'dev', HOTPATH_EXIT_MS: '10000' }
  }

  ask<K extends keyof Answers>(name: K, query = ''): Promise<Answers[K]> {
    return ask(this.url, name, query)
  }

  trace(id: string): Promise<TraceAnswer> {
    return askTrace(this.url, id)
  }

  /** The spans of a trace as they are stored, with their links. */
  spans(traceId: string): Promise<readonly Span[]> {
    return this.#running.store.spans(traceId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Asks a console over HTTP, as the command line does. */
export function ask<K extends keyof Answers>(
  url: string,
  name: K,
  query = '',
): Promise<Answers[K]> {
  return askPath(url, `${name}${query === '' ? '' : `?${query}`}`)
}

/** One trace, as `hotpath trace ID` gets it. */
export function askTrace(url: string, id: string, query = ''): Promise<TraceAnswer> {
  return askPath(url, `traces/${id}?${query}`)
}

async function askPath<T>(url: string, path: string): Promise<T> {
  const response = await fetch(`${url}/api/${path}`)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
