import type { Server } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import { durationMs } from '../config/duration.js'
import type { ServerConfig } from '../config/crowd.js'
import { type After, SessionBounds } from './session-bounds.js'

/** Sets what the config says of slow clients on each server, when its first request comes. */
export class ServerBounds {
  readonly #seen = new WeakSet<object>()

  readonly #sessions: SessionBounds

  constructor(
    private readonly config: ServerConfig,
    after: After,
  ) {
    const { headersTimeout, requestTimeout, keepAliveTimeout } = config
    const times = {
      headersMs: durationMs(headersTimeout),
      requestMs: durationMs(requestTimeout),
      keepAliveMs: durationMs(keepAliveTimeout),
    }
    this.#sessions = new SessionBounds(times, after)
  }

  /** A client has connected by HTTP/2. */
  connected(session: ServerHttp2Session): void {
    this.#sessions.watch(session)
  }

  set(server: unknown): void {
    if (typeof server !== 'object' || server === null || this.#seen.has(server)) return
    this.#seen.add(server)
    const { headersTimeout, requestTimeout, keepAliveTimeout, maxConnections } = this.config
    const of = server as Server
    for (const [name, said] of Object.entries({
      headersTimeout,
      requestTimeout,
      keepAliveTimeout,
    })) {
      const ms = durationMs(said)
      if (ms !== undefined) Reflect.set(of, name, ms)
    }
    if (maxConnections !== undefined) of.maxConnections = maxConnections
  }
}
