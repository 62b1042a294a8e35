import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { CdnConfig } from '../../dist/config/cdn.js'
import { processTags } from '../../dist/cache/tags.js'
import type { CdnCounter } from '../../dist/cdn/host.js'
import { type Cdn, startCdn } from '../../dist/cdn/start.js'
import type { ResponseCacheConfig } from '../../dist/config/response-cache.js'
import { checkFastWay } from '../../dist/serve/fast-way.js'
import type { Host } from '../../dist/serve/host.js'
import { EARNS } from '../../dist/serve/learning.js'
import { CachePolicies } from '../../dist/serve/policy.js'
import { type Emit, type RequestSpan, SERVED } from '../../dist/serve/seam.js'
import { ResponseCache } from '../../dist/serve/stage.js'
import { clock } from '../../dist/clock.js'

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

export interface Options {
  /** By route; the route of a request is its path, unless `routeOf` says otherwise. */
  readonly routes: Readonly<Record<string, ResponseCacheConfig>>
  readonly routeOf?: (request: IncomingMessage) => string
  /** False: the policies have still to earn that they serve. */
  readonly earned?: boolean
  readonly fast?: boolean
  /** With these it speaks TLS. */
  readonly tls?: ServerOptions
  /** Another server of the same process: both have one cache. */
  readonly beside?: CachedServer
  /** Caches in front of it. */
  readonly cdn?: CdnConfig
}

const WAITS = Symbol('waits')

/** What came back for one request. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** `hotpath; hit; ttl=3` and the like; '' when the app answered. */
  readonly cacheStatus: string
  readonly age: string
}

/**
 * A real server with the cache in its way, as the gate puts it there, and a clock that a test sets: an
 * hour passes at once.
 */
export class CachedServer implements AsyncDisposable {
  /** Requests that reached the handler. */
  runs = 0
  /** Requests that came, were not answered yet, and did not reach it. */
  waiting = 0
  readonly counts = new Map<string, number>()
  readonly lines: string[] = []
  readonly caught: string[] = []
  readonly policies: CachePolicies
  #aheadMs = 0
  readonly #server: Server
  readonly #cache: ResponseCache
  readonly #cdn: Cdn | undefined
  #hand: () => void = () => {}

  private constructor(handler: Handler, options: Options) {
    const { cdn } = options
    const config = {
      ...(cdn === undefined ? {} : { cdn }),
      routes: Object.fromEntries(
        Object.entries(options.routes).map(([route, cache]) => [route, { cache }]),
      ),
    }
    const { beside } = options
    this.policies = beside?.policies ?? new CachePolicies(config, {})
    const time = { now: () => clock.now() + this.#aheadMs, origin: clock.origin }
    this.#cache =
      beside === undefined
        ? new ResponseCache(
            this.#host(),
            this.policies,
            time,
            (this.#cdn = cdnOf(options, this.#host())),
          )
        : beside.#cache
    const cache = this.#cache
    cache.sender.fast = (options.fast ?? true) && checkFastWay(time)
    if (options.earned !== false)
      for (const { learning } of this.policies.all)
        for (let n = 0; n < EARNS; n++) learning.compared(true)
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      this.runs++
      if (Reflect.get(request, WAITS) === true) this.waiting--
      return handler(request, response)
    }
    const { tls } = options
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
    const emit = this.#server.emit as unknown as Emit
    const routeOf = options.routeOf ?? pathOf
    const emitted = (type: string, ...args: unknown[]): boolean => {
      const server = this.#server
      if (type !== 'request') return emit.call(server, type, ...args)
      const [request, response] = args as [IncomingMessage, ServerResponse]
      const span = spanOf(() => routeOf(request))
      response.once('close', () => cache.closed(response))
      const way = cache.enter(request, response, span, emit, server)
      if (way === SERVED) {
        if (!response.headersSent) {
          this.waiting++
          Reflect.set(request, WAITS, true)
        }
        return true
      }
      const run = () => emit.call(server, type, ...args)
      return way === undefined ? run() : way(run)
    }
    this.#server.emit = emitted as Server['emit']
  }

  static async start(handler: Handler, options: Options): Promise<CachedServer> {
    const made = new CachedServer(handler, options)
    await new Promise<void>(resolve => made.#server.listen(0, '127.0.0.1', resolve))
    return made
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Lets time pass for the cache. */
  advance(seconds: number): void {
    this.#aheadMs += 1000 * seconds
  }

  /** `hits`, or `refused private`. */
  counted(key: string): number {
    this.#hand()
    return this.counts.get(key) ?? 0
  }

  async ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers,
      redirect: 'manual',
    })
    return {
      status: response.status,
      headers: response.headers,
      body: await response.text(),
      cacheStatus: response.headers.get('cache-status') ?? '',
      age: response.headers.get('age') ?? '',
    }
  }

  /** Sends raw bytes, and gives the raw bytes that came back until the server closed. */
  async raw(text: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1')
    socket.end(text)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('latin1')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cdn?.purges.stop()
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #host(): Host {
    return {
      caught: where => void this.caught.push(where),
      count: (name, _route, reason, n) => {
        const key = reason === '' ? name : `${name} ${reason}`
        this.counts.set(key, (this.counts.get(key) ?? 0) + n)
      },
      countCdn: (name: CdnCounter, driver, n) => {
        const key = `cdn ${name} ${driver}`
        this.counts.set(key, (this.counts.get(key) ?? 0) + n)
      },
      countAs: () => {},
      gauges: () => {},
      beforeCounts: hand => void (this.#hand = hand),
      say: line => void this.lines.push(line),
      within: (_, fn) => fn(),
      background: (_name, request, _response, begin) =>
        begin(
          spanOf(() => pathOf(request)),
          emit => emit(),
        ),
    }
  }
}

function cdnOf({ cdn }: Options, host: Host): Cdn | undefined {
  if (cdn === undefined) return undefined
  const timing = {
    now: () => clock.now(),
    after(ms: number, fn: () => void) {
      const timer = setTimeout(fn, ms).unref()
      return () => clearTimeout(timer)
    },
  }
  return startCdn(cdn, 'shop', processTags(), host, timing)
}

function spanOf(route: () => string): RequestSpan {
  return {
    trace: { route: undefined },
    fromCache: false,
    stats: () => ({ method: 'GET', template: route() }) as ReturnType<RequestSpan['stats']>,
  }
}

export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?')[0] ?? ''
}

/** States that say that what is waited for will not come, by name. */
export type Instead = Readonly<Record<string, () => boolean>>

/**
 * Waits until it is so; a test that waits in vain fails after ten seconds, and at once where one of these states
 * says that it does.
 */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  instead: Instead = {},
): Promise<void> {
  const endMs = performance.now() + 10_000
  while (!(await isSo())) {
    for (const [name, isThere] of Object.entries(instead))
      if (isThere()) throw new Error(`expected ${what}, but ${name}`)
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/**
 * What is awaited; fails as `until` does.
 *
 *     await comes(ask('/slow'), 'a refusal', { 'it was let in': () => door.waiting > 2 })
 */
export async function comes<T>(
  awaited: Promise<T>,
  what: string,
  instead: Instead = {},
): Promise<T> {
  let isSettled = false
  const settle = (): void => void (isSettled = true)
  awaited.then(settle, settle)
  await until(() => isSettled, what, instead)
  return awaited
}

/** An answer; who waits for it and does not any longer, since the test has failed, says nothing more. */
export function asked(url: string, options: object = {}): Promise<Response> {
  // Later than `until`, which says for what was waited.
  const answer = fetch(url, { signal: AbortSignal.timeout(30_000), ...options })
  answer.catch(() => {})
  return answer
}

/** Holds handlers until it is opened, and says how many wait. */
export class Door {
  readonly #waiting: (() => void)[] = []
  #open = false

  get waiting(): number {
    return this.#waiting.length
  }

  pass(): Promise<void> {
    return this.#open ? Promise.resolve() : new Promise(resolve => void this.#waiting.push(resolve))
  }

  open(): void {
    this.#open = true
    for (const go of this.#waiting.splice(0)) go()
  }

  shut(): void {
    this.#open = false
  }
}
