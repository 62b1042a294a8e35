import type { AsyncResource } from 'node:async_hooks'
import type { ActiveTrace } from '../../../trace/span.js'
import { hasOutlived } from '../request.js'
import type { Place } from '../shelf.js'
import { type Leftover, leftoverOf } from './leftovers.js'
import type { Line } from './line.js'
import type { Seat } from './seat.js'
import type { Handshake, MysqlConnection } from './shapes.js'

/** Where a connection of the app keeps its lease. */
const LEASE = Symbol('hotpath.lease')
type Leased = MysqlConnection & { [LEASE]?: Lease }

/** A connection of the app, from its constructor to its end, with all that belongs to it. */
export class Lease {
  /** Undefined while it is not sure which one stands. */
  line: Line | undefined
  /** What the client has done that cannot be taken back. */
  private leftover: Leftover | undefined

  constructor(
    readonly connection: MysqlConnection,
    readonly handshake: Handshake,
    readonly seat: Seat,
    readonly place: Place<Line>,
    /** The async context in which its callbacks run. */
    readonly resource: AsyncResource,
    private readonly trace: ActiveTrace,
  ) {
    const { addCommand } = Object.getPrototypeOf(connection) as MysqlConnection
    // From now on: an app sends before the connection stands. The driver replaces it at the end.
    hide(connection, 'addCommand', (command: Parameters<typeof addCommand>[0]) => {
      this.leftover ??= leftoverOf(command)
      return addCommand.call(connection, command)
    })
    hide(connection, LEASE, this)
  }

  /** The app has destroyed it, or it took too long, before it stood. */
  get isGivenUp(): boolean {
    return this.connection._closing === true || Boolean(this.connection._fatalError)
  }

  sit(line: Line): void {
    this.line = line
    this.seat.sit(line)
  }

  /** Why the line must go with its client; undefined: it can go back. */
  keptBy(): Leftover | 'broken' | 'busy' | 'outlived' | undefined {
    if (this.isGivenUp || this.connection._protocolError) return 'broken'
    if (this.line?.stream.writable !== true) return 'broken'
    if (this.connection._paused === true) return 'busy'
    if (hasOutlived(this.trace)) return 'outlived'
    return this.leftover
  }
}

export function leaseOf(connection: MysqlConnection): Lease | undefined {
  return (connection as Leased)[LEASE]
}

/** Not enumerable: apps log connections, and copy them. */
function hide(connection: MysqlConnection, name: string | symbol, value: unknown): void {
  Object.defineProperty(connection, name, { value, configurable: true, writable: true })
}
