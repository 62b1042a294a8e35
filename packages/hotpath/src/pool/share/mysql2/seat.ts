import type { AsyncResource } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { inRoot } from '../../root.js'
import type { Line } from './line.js'
import type { MysqlConnection } from './shapes.js'

type Listener = (...args: unknown[]) => void

/** What the driver listens to on a socket. */
const EVENTS = ['data', 'error', 'end', 'close'] as const
/** What it listens to on one with TLS, from the moment it has made it. */
const SECURE_EVENTS = ['data', 'error', 'session'] as const

/**
 * What the driver's connection hears of a socket. The connection may take its seat at a line, rise,
 * and another may sit down: the driver made its listeners for the socket that it opened itself, and
 * they serve at any.
 */
export class Seat {
  private readonly listeners: readonly (readonly [event: string, listener: Listener])[]
  private heard: [emitter: EventEmitter, event: string, listener: Listener][] = []

  /**
   * Takes the driver's listeners from the socket of a connection that has just been made, and
   * destroys it: it has not begun to connect.
   *
   * @param resource The async context in which the driver's listeners run; undefined: as they come.
   */
  constructor(
    readonly connection: MysqlConnection,
    private readonly resource: AsyncResource | undefined,
  ) {
    const { stream } = connection
    const nodes = nodesListeners()
    this.listeners = EVENTS.flatMap(event =>
      stream
        .listeners(event)
        .filter(listener => !nodes.has(listener))
        .map(listener => [event, listener as Listener] as const),
    )
    for (const [event, listener] of this.listeners) stream.off(event, listener)
    stream.on('error', () => {})
    stream.destroy()
  }

  sit(line: Line): void {
    const { connection } = this
    for (const [event, listener] of this.listeners) this.hear(line.stream, event, listener)
    connection.stream = line.stream
    const { startTLS } = Object.getPrototypeOf(connection) as MysqlConnection
    Object.defineProperty(connection, 'startTLS', {
      configurable: true,
      value: (onSecure: unknown) => {
        inRoot(() => startTLS.call(connection, onSecure))
        line.stream = connection.stream
        for (const event of SECURE_EVENTS) this.hearLast(line.stream, event)
      },
    })
  }

  /** Nothing that happens on the line reaches the connection from now on, nor what it does the line. */
  rise(): void {
    for (const [emitter, event, listener] of this.heard.splice(0)) emitter.off(event, listener)
    this.connection.stream = closedSocket()
  }

  /** A listener that the driver has just added. */
  private hearLast(stream: Socket, event: string): void {
    const listener = stream.listeners(event).at(-1) as Listener | undefined
    if (listener === undefined) return
    stream.off(event, listener)
    this.hear(stream, event, listener)
  }

  private hear(stream: Socket, event: string, listener: Listener): void {
    const { resource } = this
    const heard: Listener =
      resource === undefined
        ? listener
        : (...args) => resource.runInAsyncScope(listener, stream, ...args)
    stream.on(event, heard)
    this.heard.push([stream, event, heard])
  }
}

/** What Node itself listens to on each of its sockets. */
function nodesListeners(): ReadonlySet<unknown> {
  const socket = closedSocket()
  return new Set(EVENTS.flatMap(event => socket.listeners(event)))
}

/** In the place of a socket that a connection has no more. */
function closedSocket(): Socket {
  // Loaded by the driver already; an app without one does not load it because of us.
  const { Socket } = process.getBuiltinModule('node:net')
  return new Socket().destroy()
}
