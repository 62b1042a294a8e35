import { executionAsyncResource } from 'node:async_hooks'
import type { Socket } from 'node:net'
import type { Attributes } from '../trace/attributes.js'
import { contained } from '../trace/counts.js'
import type { Database } from './statement-span.js'

/** A server of postgres.js: which of its connections a statement had is not told. */
class Server implements Database {
  readonly system = 'postgresql'
  readonly isAny = true

  constructor(
    /** Of the session, to know when the connection was opened anew. */
    readonly pid: unknown,
    private readonly host: string | undefined,
    private readonly port: number | undefined,
  ) {}

  attributes(): Attributes {
    return {
      ...(this.host === undefined ? {} : { 'server.address': this.host }),
      ...(this.port === undefined ? {} : { 'server.port': this.port }),
    }
  }
}

export const UNKNOWN_SERVER: Database = new Server(undefined, undefined, undefined)

const servers = new WeakMap<object, Server>()

/**
 * Where a statement went whose answer is being read. postgres.js keeps options and sockets in closures; but
 * what runs now was called by Node for a socket, the first time on each connection that tells which.
 *
 * @param session What postgres.js keeps of a connection, with the `pid` of its session.
 */
export function serverOf(session: object | null | undefined): Database {
  if (session === null || session === undefined) return UNKNOWN_SERVER
  const { pid } = session as { readonly pid?: unknown }
  const known = servers.get(session)
  if (known !== undefined && known.pid === pid) return known
  const [host, port] = contained('gate.postgres-js', () => addressOf(socketNow())) ?? []
  const server = new Server(pid, host, port)
  servers.set(session, server)
  return server
}

/** The name that was given where there is one: postgres.js notes it on its sockets, but for those of TLS. */
function addressOf(socket: (Socket & { readonly host?: unknown }) | undefined) {
  const { host, remoteAddress, remotePort } = socket ?? {}
  return [typeof host === 'string' ? host : remoteAddress, remotePort] as const
}

/** Node keeps the socket on the handle that woke it, under a symbol of its own. */
function socketNow(): Socket | undefined {
  const handle = executionAsyncResource()
  const owner = Object.getOwnPropertySymbols(handle).find(
    ({ description }) => description === 'owner_symbol',
  )
  const socket: unknown = owner === undefined ? undefined : Reflect.get(handle, owner)
  return typeof socket === 'object' && socket !== null && 'remotePort' in socket
    ? (socket as Socket)
    : undefined
}
