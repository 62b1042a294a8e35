import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Config, checkConfig } from '../../dist/config.js'
import type { Host } from '../../dist/serve/host.js'
import { type Emit, type RequestSpan, SERVED, type ServeStage } from '../../dist/serve/seam.js'
import { startServe } from '../../dist/serve/start.js'
import { type Handler, pathOf } from './cached-server.js'

/** A real server with the stages of a config in its way, as the gate puts them there. */
export class CrowdServer implements AsyncDisposable {
  /** Paths that reached the handler. */
  readonly runs: string[] = []
  readonly counts = new Map<string, number>()
  readonly caught: string[] = []
  readonly server: Server
  readonly #hands: (() => void)[] = []
  readonly #gauges: Parameters<Host['gauges']>[0][] = []

  private constructor(handler: Handler, config: Config, options: ServerOptions) {
    const checked = checkConfig(config, 'config')
    if (!checked.ok) throw new Error(checked.problem.message)
    const stage = startServe(config, {}, this.#host()) as ServeStage
    this.server = createServer(options, (request, response) => {
      this.runs.push(request.url ?? '')
      return handler(request, response)
    })
    const emit = this.server.emit as unknown as Emit
    const emitted = (type: string, ...args: unknown[]): boolean => {
      if (type !== 'request') return emit.call(this.server, type, ...args)
      const [request, response] = args as [IncomingMessage, ServerResponse]
      response.once('close', () => stage.closed(response))
      const span = spanOf(request)
      if (stage.shed?.(request, response, span) === true) return true
      const way = stage.enter(request, response, span, emit, this.server)
      if (way === SERVED) return true
      const run = () => emit.call(this.server, type, ...args)
      return way === undefined ? run() : way(run)
    }
    this.server.emit = emitted as Server['emit']
  }

  static async start(
    handler: Handler,
    config: Config,
    options: ServerOptions = {},
  ): Promise<CrowdServer> {
    const made = new CrowdServer(handler, config, options)
    await new Promise<void>(resolve => made.server.listen(0, '127.0.0.1', resolve))
    return made
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** `concurrency.refused full GET /slow`. */
  counted(): Readonly<Record<string, number>> {
    for (const hand of this.#hands) hand()
    return Object.fromEntries(this.counts)
  }

  /** `in_flight` of a policy. */
  gauge(name: string, policy: string): number | undefined {
    return this.#gauges
      .flatMap(read => read())
      .find(
        gauge =>
          gauge.name === `hotpath.concurrency.${name}` &&
          gauge.attributes['hotpath.policy'] === policy,
      )?.value
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections()
    await new Promise(resolve => this.server.close(resolve))
  }

  #host(): Host {
    const add = (name: string, route: string, reason: string, n: number): void => {
      const key = [name.replace('hotpath.', ''), reason, route].filter(Boolean).join(' ')
      this.counts.set(key, (this.counts.get(key) ?? 0) + n)
    }
    return {
      caught: where => void this.caught.push(where),
      count: (name, route, reason, n) => add(`cache.${name}`, route, reason, n),
      countAs: add,
      countCdn: () => {},
      gauges: read => void this.#gauges.push(read),
      beforeCounts: hand => void this.#hands.push(hand),
      say: () => {},
      within: (_, fn) => fn(),
      background: (_name, request, _response, begin) => begin(spanOf(request), emit => emit()),
    }
  }
}

/** One object for each route, as the recorder has it: by it latencies are told apart. */
const routes = new Map<string, { readonly method: string; readonly template: string }>()

function spanOf(request: IncomingMessage): RequestSpan {
  const [method, template] = [request.method ?? '', pathOf(request)]
  const stats = routes.get(`${method} ${template}`) ?? { method, template }
  routes.set(`${method} ${template}`, stats)
  return {
    trace: { route: undefined },
    fromCache: false,
    stats: () => stats as ReturnType<RequestSpan['stats']>,
  }
}
