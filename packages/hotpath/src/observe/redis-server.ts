import type { Attributes } from '../trace/attributes.js'

/** What clients of Redis are told of their server. */
export interface RedisServer {
  readonly host?: unknown
  readonly port?: unknown
  readonly path?: unknown
}

export function serverOf({ host, port, path }: RedisServer): Attributes {
  if (typeof path === 'string') return { 'server.address': path.slice(path.lastIndexOf('/') + 1) }
  return {
    'server.address': typeof host === 'string' ? host : 'localhost',
    'server.port': typeof port === 'number' ? port : 6379,
  }
}
