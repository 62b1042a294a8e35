import type { AsyncResource } from 'node:async_hooks'
import type { ActiveTrace } from '../../../trace/span.js'
import { hasOutlived } from '../request.js'
import type { Place } from '../shelf.js'
import { type Leftover, leftoverOf } from './leftovers.js'
import type { Line } from './line.js'
import type { Seat } from './seat.js'
import type { MysqlConnection } from './shapes.js'

/** Where a connection of the app keeps its lease. */
const LEASE = Symbol('hotpath.lease')
type Leased = MysqlConnection & { [LEASE]?: Lease }

/** A connection of the app that sits at a line, until it ends. */
export class Lease {
  /** What the client has done that cannot be taken back. */
  private leftover: Leftover | undefined

  constructor(
    readonly seat: Seat,
    readonly line: Line,
    readonly place: Place<Line>,
    /** The async context in which its callbacks run. */
    readonly resource: AsyncResource,
    private readonly trace: ActiveTrace,
  ) {
    const connection = seat.connection as Leased
    const { addCommand } = Object.getPrototypeOf(connection) as MysqlConnection
    // Not enumerable: apps log connections, and copy them. The driver replaces it at the end.
    Object.defineProperty(connection, 'addCommand', {
      configurable: true,
      writable: true,
      value: (command: Parameters<typeof addCommand>[0]) => {
        this.leftover ??= leftoverOf(command)
        return addCommand.call(connection, command)
      },
    })
    Object.defineProperty(connection, LEASE, { value: this, configurable: true })
  }

  /** Why the line must go with its client; undefined: it can go back. */
  keptBy(): Leftover | 'broken' | 'busy' | 'outlived' | undefined {
    const { connection } = this.seat
    if (connection._fatalError || connection._protocolError || connection._closing === true)
      return 'broken'
    if (!this.line.stream.writable) return 'broken'
    if (connection._paused === true) return 'busy'
    if (hasOutlived(this.trace)) return 'outlived'
    return this.leftover
  }
}

export function leaseOf(connection: MysqlConnection): Lease | undefined {
  return (connection as Leased)[LEASE]
}
