import type { Server } from 'node:http'
import { durationMs } from '../config/duration.js'
import type { ServerConfig } from '../config/crowd.js'

/** Sets what the config says of slow clients on each server, when its first request comes. */
export class ServerBounds {
  readonly #seen = new WeakSet<object>()

  constructor(private readonly config: ServerConfig) {}

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
