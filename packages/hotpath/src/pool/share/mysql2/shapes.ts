import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

/** What we need of mysql2 3's Connection and its commands, structurally: the app brings its own copy. */

export interface MysqlConfig {
  readonly host?: string
  readonly port?: number
  readonly socketPath?: string
  readonly enableKeepAlive?: unknown
  readonly keepAliveInitialDelay?: number
  readonly stream?: unknown
  readonly compress?: unknown
  readonly clientFlags?: unknown
  /** Of a connection that a pool opens. */
  readonly pool?: unknown
}

export interface MysqlConnection extends EventEmitter {
  readonly config: MysqlConfig
  stream: Socket
  sequenceId: number
  readonly _command?: Command | null | undefined
  _closing?: boolean
  readonly _paused?: unknown
  readonly _fatalError?: unknown
  readonly _protocolError?: unknown
  readonly _handshakePacket?: object | null
  readonly threadId?: unknown
  startTLS: (onSecure: unknown) => void
  addCommand: (command: Command) => unknown
  handlePacket: (packet?: unknown) => void
  query: (text: string, callback: (error: unknown, rows: unknown) => void) => unknown
  changeUser: (options: object, callback: (error: unknown) => void) => unknown
  ping: (callback: (error: unknown) => void) => unknown
}

/** What a connection sends, and its way through the answer: each step returns the next, or null. */
export interface Command extends EventEmitter {
  next?: State | null | undefined
  readonly onResult?: unknown
  /** Of a statement, by the command. */
  readonly sql?: unknown
  readonly query?: unknown
}
export type State = (packet: unknown, connection: MysqlConnection) => State | null

/** The first command of a connection. */
export interface Handshake extends Command {
  handshake?: object | null
  execute: (packet: Packet | undefined, connection: MysqlConnection) => boolean
}

export interface Packet {
  isError: () => boolean
  clone: () => Packet
  asError: (encoding?: string) => { readonly errno?: unknown }
}
