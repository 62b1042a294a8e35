import type { AsyncResource } from 'node:async_hooks'
import { clock } from '../../clock.js'
import { exchange, type Told } from './exchange.js'
import { type Leftover, leftoverOf } from './leftovers.js'
import type { PgConnection, SharableClient } from './shapes.js'

const ROLLBACK: Told = ['ROLLBACK', 'ROLLBACK']
const DISCARD: Told = ['DISCARD ALL', 'DISCARD ALL']
const PID: Told = ['SELECT pg_catalog.pg_backend_pid()', 'SELECT 1']

/**
 * A connection that clients use one after another. While one holds it, its events run in the async
 * context of that client's request, and not of the request that happened to open the socket: a
 * callback would find another user in the app's own AsyncLocalStorage.
 */
export class Line {
  readonly bornMs = clock.now()
  idleSinceMs = 0
  /** What the last client has done that cannot be taken back. */
  leftover: Leftover | undefined = undefined
  processID: unknown
  secretKey: unknown

  constructor(readonly connection: PgConnection) {}

  /** Runs its events in the context of `resource`, and looks at every statement that is sent. */
  attend(resource: AsyncResource): void {
    const { connection } = this
    const { emit, query, parse, execute } = Object.getPrototypeOf(connection) as PgConnection
    this.leftover = undefined
    own(connection, 'emit', (...args: Parameters<typeof emit>) =>
      resource.runInAsyncScope(emit, connection, ...args),
    )
    own(connection, 'query', (text: string) => {
      this.look(text)
      query.call(connection, text)
    })
    own(connection, 'parse', (statement: { text?: unknown }) => {
      this.look(statement.text)
      parse.call(connection, statement)
    })
    own(connection, 'execute', (portal: { rows?: unknown }) => {
      // Some rows at a time: a cursor of the protocol's, pg-cursor's and pg-query-stream's way.
      if (portal.rows) this.leftover ??= 'cursor'
      execute.call(connection, portal)
    })
  }

  /** Takes it from its client: nothing that happens on it reaches the client, nor what it left there. */
  detach(): void {
    const { connection } = this
    for (const name of ['emit', 'query', 'parse', 'execute']) {
      Reflect.deleteProperty(connection, name)
    }
    for (const event of connection.eventNames()) {
      if (event !== 'newListener') connection.removeAllListeners(event)
    }
    // Set by the driver for who listens to `message`; nobody does any more.
    connection._emitMessage = false
    // An error without a listener would end the process.
    connection.on('error', () => {})
  }

  /** Ends transaction, settings, locks, temporary tables and prepared statements. */
  async reset(status: unknown): Promise<void> {
    await exchange(this.connection, status === 'I' ? [DISCARD] : [ROLLBACK, DISCARD])
    this.connection.parsedStatements = {}
    if (this.connection.submittedNamedStatements !== undefined) {
      this.connection.submittedNamedStatements = {}
    }
  }

  /**
   * Whether a pooler stands before the server: it tells a client another process than the one that
   * answers.
   */
  async isPooled(): Promise<boolean> {
    const answering = await exchange(this.connection, [PID])
    return answering !== String(this.processID)
  }

  /**
   * Gives it to a client that has not connected: the driver attaches itself as to a new socket, and
   * is told the last two messages of the server's greeting.
   */
  greet(client: SharableClient, attach: () => void): void {
    const { connection } = this
    connection.removeAllListeners('error')
    connection.removeAllListeners('end')
    client.connection = connection
    own(connection, 'connect', () => {})
    try {
      attach()
    } finally {
      Reflect.deleteProperty(connection, 'connect')
    }
    process.nextTick(() => {
      const { processID, secretKey } = this
      connection.emit('backendKeyData', {
        name: 'backendKeyData',
        length: 12,
        processID,
        secretKey,
      })
      connection.emit('readyForQuery', { name: 'readyForQuery', length: 5, status: 'I' })
    })
  }

  ref(): void {
    this.connection.ref?.()
  }

  unref(): void {
    this.connection.unref?.()
  }

  onEnd(fn: () => void): void {
    this.connection.once('end', fn)
  }

  close(): void {
    // Politely: the server sees a goodbye.
    this.connection.end()
  }

  destroy(): void {
    this.connection.stream.destroy()
  }

  private look(text: unknown): void {
    if (typeof text === 'string') this.leftover ??= leftoverOf(text)
  }
}

function own(connection: PgConnection, name: string, value: unknown): void {
  Object.defineProperty(connection, name, { value, configurable: true, writable: true })
}
