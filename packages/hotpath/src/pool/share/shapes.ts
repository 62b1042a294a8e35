import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

/** What we need of pg 8's Client and Connection, structurally: the app brings its own copy. */

/** The driver's end of one socket; a Client is what the app holds of it. */
export interface PgConnection extends EventEmitter {
  readonly stream: Socket
  readonly ssl?: unknown
  readonly sslNegotiation?: unknown
  readonly _keepAlive?: unknown
  readonly _keepAliveInitialDelayMillis?: unknown
  parsedStatements: Record<string, unknown>
  submittedNamedStatements?: Record<string, unknown>
  _emitMessage?: boolean
  connect: (...args: unknown[]) => void
  query: (text: string) => void
  parse: (statement: { text?: unknown }) => void
  execute: (portal: { rows?: unknown }) => void
  sync: () => void
  end: () => void
  ref?: () => void
  unref?: () => void
}

export interface SharableClient extends EventEmitter {
  connection: PgConnection
  readonly connectionParameters: Readonly<Record<string, unknown>>
  readonly password?: unknown
  readonly enableChannelBinding?: unknown
  readonly scramMaxIterations?: unknown
  readonly pipeline?: unknown
  readonly processID?: unknown
  readonly secretKey?: unknown
  readonly _Promise?: PromiseConstructor
  _connecting?: unknown
  readonly _connected?: unknown
  _connectionError?: unknown
  readonly _queryable?: unknown
  _ending?: unknown
  _ended?: unknown
  readyForQuery?: unknown
  /** 'I', 'T' or 'E'; not in older versions. */
  readonly _txStatus?: unknown
  /** Before 8.17 without the underscore; the old names are getters now that warn. */
  readonly _queryQueue?: readonly unknown[]
  readonly _sentQueryQueue?: readonly unknown[]
  readonly _activeQuery?: unknown
  readonly queryQueue?: readonly unknown[]
  readonly activeQuery?: unknown
}
