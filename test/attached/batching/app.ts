import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { fixtures } from '../../places.js'
import { PostgresProxy } from '../../processes/postgres-proxy.js'
import { Program, register } from '../../processes/program.js'

/** What a handler is given; it runs in the app's process, so it can use nothing from around it. */
export interface Tools {
  readonly pg: typeof pg
  readonly pool: pg.Pool
  readonly connectionString: string
  readonly mine: import('node:async_hooks').AsyncLocalStorage<string>
  /** Stays from request to request. */
  readonly kept: Map<string, unknown>
  readonly once: typeof import('node:events')['once']
  readonly http: typeof import('node:http')
  readonly require: NodeJS.Require
}

export type Handler<T> = (tools: Tools) => T | Promise<T>

/** A handler that is put together from text: what it needs from around it stands in it. */
export function written<T>(source: string): Handler<T> {
  return Object.assign(() => Promise.reject(new Error('runs in the app')), {
    toString: () => source,
  })
}

/** An answer, and the statements that were on the wire for it. */
export interface Answered<T> {
  readonly value: T
  readonly texts: readonly string[]
  readonly roundTrips: number
}

/** An API with the recorder attached and this config, behind a proxy that counts its statements. */
export class BatchedApp implements AsyncDisposable {
  private constructor(
    readonly program: Program,
    readonly proxy: PostgresProxy,
    private readonly port: number,
    private readonly folder: string,
  ) {}

  static async start(options: {
    readonly databaseUrl: string
    readonly config?: object
    readonly env?: Readonly<Record<string, string>>
    readonly nodeArgs?: readonly string[]
  }): Promise<BatchedApp> {
    const folder = mkdtempSync(join(tmpdir(), 'hotpath-batching-'))
    const config = join(folder, 'hotpath.config.json')
    writeFileSync(config, JSON.stringify(options.config ?? { queries: { batch: 'on' } }))
    const proxy = await PostgresProxy.start({ port: Number(new URL(options.databaseUrl).port) })
    const program = Program.node(
      [...(options.nodeArgs ?? []), '--import', register, join(fixtures, 'batching', 'app.cjs')],
      {
        env: {
          DATABASE_URL: proxy.url(options.databaseUrl),
          HOTPATH_CONFIG: config,
          HOTPATH_ENDPOINT: 'http://127.0.0.1:1',
          ...options.env,
        },
      },
    )
    const [, port] = await program.line(/listening on (\d+)/)
    return new BatchedApp(program, proxy, Number(port), folder)
  }

  /** Sends one request to `/route`, whose handler is `handler`. Rejects with what the handler threw. */
  async request<T>(route: string, handler: Handler<T>): Promise<Answered<T>> {
    this.proxy.reset()
    const value = await this.send(route, handler)
    return { value, texts: [...this.proxy.texts], roundTrips: this.proxy.roundTrips }
  }

  /** The same without looking at the wire: for requests beside each other. */
  async send<T>(route: string, handler: Handler<T>): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.port}/${route}`, {
      method: 'POST',
      body: handler.toString(),
    })
    const value = (await response.json()) as T
    if (!response.ok) throw Object.assign(new Error(`${route} failed`), value)
    return value
  }

  /** The same request so often that the route is known; then once more, which is told. */
  async learned<T>(route: string, handler: Handler<T>): Promise<Answered<T>> {
    for (let i = 0; i < 3; i++) await this.request(route, handler)
    return this.request(route, handler)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]()
    await this.proxy[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Statements of ours, told by their words: the batch itself, and what it asks before. */
export const isBatch = (text: string): boolean => text.includes('hotpath_keys')
