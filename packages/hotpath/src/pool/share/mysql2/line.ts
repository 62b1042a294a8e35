import type { Socket } from 'node:net'
import { clock } from '../../../clock.js'
import { inRoot } from '../../root.js'
import type { Unshared } from '../key.js'
import type { Idle } from '../shelf.js'
import { Seat } from './seat.js'
import type { Handshake, MysqlConfig, MysqlConnection } from './shapes.js'

/** To clean a session may take a while: large temporary tables are dropped. */
const CLEAN_MS = 5000
/** A request waits for it: a server that takes longer is asked for a new connection. */
const PING_MS = 1000

/** CLIENT_IGNORE_SPACE: the server makes of it a setting, when the connection is made and then only. */
const IGNORE_SPACE = 1 << 8
const MODE = `SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'IGNORE_SPACE')`

/** What a connection of the driver knows of its server from the handshake. */
const FACTS = [
  'serverCapabilityFlags',
  'serverEncoding',
  'connectionId',
  '_isMariaDB',
  '_mariadbExtendedMetadata',
  'authorized',
] as const

/**
 * A socket whose session clients use one after another. Between them a connection of the driver
 * that no app has ever seen, the keeper, sits at it: it cleans the session, and notices its end.
 */
export class Line implements Idle {
  readonly bornMs = clock.now()
  idleSinceMs = 0
  /** With TLS another than the one that was opened. */
  stream: Socket
  private handshake: object | null | undefined
  private facts: Record<string, unknown> | undefined
  private keeper: Seat | undefined
  private readonly ignoresSpace: boolean
  private whenEnded: (() => void)[] = []

  constructor(config: MysqlConfig) {
    this.ignoresSpace = (Number(config.clientFlags) & IGNORE_SPACE) !== 0
    this.stream = inRoot(openSocket, config)
    this.stream.on('error', () => {})
    this.stream.once('close', () => {
      for (const fn of this.whenEnded.splice(0)) fn()
    })
  }

  /** To be called when its first client ends: what the server had told it, the next ones must know. */
  remember(connection: MysqlConnection): void {
    if (this.facts !== undefined) return
    this.handshake = connection._handshakePacket
    this.facts = Object.fromEntries(
      FACTS.filter(name => name in connection).map(name => [name, Reflect.get(connection, name)]),
    )
  }

  /** Tells a connection that its handshake has been made, and how. */
  greet(handshake: Handshake, connection: MysqlConnection): void {
    Object.assign(connection, this.facts)
    handshake.handshake = this.handshake ?? null
    handshake.next = () => null
    connection.handlePacket()
  }

  /** Lets the keeper sit down, which is made in the image of the client that has just risen. */
  keep(like: MysqlConnection): void {
    if (this.keeper !== undefined) {
      this.keeper.sit(this)
      return
    }
    const Own = like.constructor as new (options: object) => MysqlConnection
    const connection = new Own({ config: keepersConfig(like.config) })
    // An error without a listener would end the process.
    connection.on('error', () => this.destroy())
    this.keeper = new Seat(connection, undefined)
    this.keeper.sit(this)
    this.greet(connection._command as Handshake, connection)
  }

  /** The next client will sit here. */
  leave(): void {
    this.whenEnded = []
    this.keeper?.rise()
  }

  /** One round trip that does nothing: rejects when the connection does not stand. */
  ping(): Promise<unknown> {
    return this.asked(PING_MS, (keeper, done) => keeper.ping(done))
  }

  /**
   * The same user logs in again on the same connection: the server rolls back, and gives away all
   * that belongs to the session. To reset it alone (COM_RESET_CONNECTION) is cheaper, but leaves the
   * database that was chosen with USE, and the server's character set in the place of the client's.
   */
  async reset(): Promise<void> {
    await this.asked(CLEAN_MS, (keeper, done) => keeper.changeUser({}, done))
    if (this.ignoresSpace) await this.asked(CLEAN_MS, (keeper, done) => keeper.query(MODE, done))
  }

  /** Why its sessions cannot be shared. */
  async unfit(): Promise<Unshared | false> {
    const rows = await this.asked(CLEAN_MS, (keeper, done) =>
      keeper.query('SELECT CONNECTION_ID() AS id, @@init_connect AS first', done),
    )
    const [row] = rows as [{ id?: unknown; first?: unknown } | undefined]
    if (row === undefined) throw new Error('the server did not say its connection id')
    // A pooler stands before the server: it tells a client another id than the session's.
    if (String(row.id) !== String(this.facts?.['connectionId'])) return 'pooler'
    // What the server does in each new session, it does not do when the user changes.
    return String(row.first ?? '') === '' ? false : 'init_connect'
  }

  ref(): void {
    this.stream.ref()
  }

  unref(): void {
    this.stream.unref()
  }

  onEnd(fn: () => void): void {
    this.whenEnded.push(fn)
  }

  close(): void {
    this.stream.end()
  }

  destroy(): void {
    this.stream.destroy()
  }

  private asked(
    limitMs: number,
    ask: (keeper: MysqlConnection, done: (error: unknown, value?: unknown) => void) => void,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`no answer in ${limitMs} ms`))
      const timer = inRoot(setTimeout, late, limitMs)
      const done = (error: unknown, value?: unknown) => {
        clearTimeout(timer)
        if (error) reject(error as Error)
        else resolve(value)
      }
      if (this.keeper === undefined || this.stream.destroyed) done(new Error('nobody keeps it'))
      else ask(this.keeper.connection, done)
    })
  }
}

/** As the driver opens it, but for nobody's sake: a socket keeps the async context it was made in. */
function openSocket(config: MysqlConfig): Socket {
  const { connect } = process.getBuiltinModule('node:net')
  if (config.socketPath) return connect(config.socketPath)
  const socket = connect(Number(config.port), config.host)
  if (config.enableKeepAlive) {
    socket.once('connect', () => socket.setKeepAlive(true, config.keepAliveInitialDelay))
  }
  return socket.setNoDelay(true)
}

/** The client's options, without what the app may see or do in them. */
function keepersConfig(config: MysqlConfig): object {
  const { Socket } = process.getBuiltinModule('node:net')
  return Object.assign(Object.create(Object.getPrototypeOf(config) as object) as object, config, {
    // Never connected: it gives it up when it sits down.
    stream: new Socket(),
    connectTimeout: 0,
    debug: false,
    trace: false,
    typeCast: true,
    rowsAsArray: false,
    nestTables: undefined,
    namedPlaceholders: false,
    queryFormat: undefined,
  })
}
