import { AsyncResource } from 'node:async_hooks'
import { caught, contained } from '../../../trace/counts.js'
import { tally } from '../../../trace/tallies.js'
import { nameOf } from '../../figures.js'
import type { PoolPolicy } from '../../policy.js'
import { inRoot } from '../../root.js'
import { requestOf } from '../request.js'
import { isFresh, type Place, Shelf } from '../shelf.js'
import { keyOf } from './key.js'
import { Lease, leaseOf } from './lease.js'
import { Line } from './line.js'
import { Seat } from './seat.js'
import type { Handshake, MysqlConnection, Packet, State } from './shapes.js'

/**
 * Of the server as a whole, of the user by the server's variable, and by the user's account:
 * https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
 */
const TOO_MANY = new Set([1040, 1203, 1226])

/** Lends connections of mysql2 that an app opens and ends within a request. */
export class MysqlLender {
  private readonly shelf: Shelf<Line>
  private readonly said = new Set<string>()

  constructor(policy: PoolPolicy) {
    this.shelf = new Shelf(policy)
  }

  /**
   * A connection begins its handshake, within its constructor. Undefined: it goes on as ever; else
   * the state in which it waits to be told that it was made.
   */
  connect(handshake: Handshake, connection: MysqlConnection): State | undefined {
    // It begins once more, at another line.
    if (leaseOf(connection) !== undefined) return undefined
    const request = requestOf()
    if (request === undefined || connection.config.pool !== undefined) return undefined
    const place = this.placeOf(connection)
    if (place === undefined) return undefined
    const resource = new AsyncResource('HotpathLease')
    const seat = new Seat(connection, resource)
    const lease = new Lease(connection, handshake, seat, place, resource, request)
    const line = this.shelf.take(place)
    if (line === undefined) {
      this.open(lease)
      return undefined
    }
    // Within the constructor the app has no listener yet, and the driver is not done.
    if (isFresh(line)) process.nextTick(() => contained('pool.share', () => this.lend(lease, line)))
    else this.ask(lease, line)
    return waiting
  }

  /** A connection is about to say goodbye: true when it need not, because its line stays. */
  end(connection: MysqlConnection): boolean {
    const lease = leaseOf(connection)
    const line = lease?.line
    if (lease === undefined || line === undefined) return false
    const kept = lease.keptBy() ?? (this.shelf.canKeep(lease.place, line) ? undefined : 'full')
    if (kept !== undefined) {
      tally('hotpath.pool.share', { outcome: 'closed', reason: kept })
      return false
    }
    line.remember(connection)
    lease.seat.rise()
    void this.takeBack(lease, line)
    return true
  }

  private placeOf(connection: MysqlConnection): Place<Line> | undefined {
    const keyed = keyOf(connection)
    if ('key' in keyed) return this.shelf.place(keyed.key)
    tally('hotpath.pool.share', { outcome: 'unshared', reason: keyed.unshared })
    return undefined
  }

  private open(lease: Lease): void {
    tally('hotpath.pool.share', { outcome: 'opened' })
    lease.sit(new Line(lease.connection.config))
    this.tryAgainWhenFull(lease)
  }

  private lend(lease: Lease, line: Line): void {
    if (lease.isGivenUp) {
      this.shelf.put(lease.place, line)
      return
    }
    tally('hotpath.pool.share', { outcome: 'reused' })
    line.leave()
    lease.sit(line)
    line.greet(lease.handshake, lease.connection)
  }

  /** The line was idle for a while: the server, or a firewall, may have dropped it. */
  private ask(lease: Lease, line: Line): void {
    const open = () => {
      line.destroy()
      if (lease.isGivenUp) return
      this.open(lease)
      begin(lease)
    }
    inRoot(() => line.ping())
      .then(
        () => lease.resource.runInAsyncScope(() => this.lend(lease, line)),
        () => lease.resource.runInAsyncScope(open),
      )
      .catch(() => caught('pool.share'))
  }

  /** Without us there would have been a place: those that lie idle make it, and it tries once more. */
  private tryAgainWhenFull(lease: Lease): void {
    const { handshake, connection, seat } = lease
    const { execute } = Object.getPrototypeOf(handshake) as Handshake
    Object.defineProperty(handshake, 'execute', {
      configurable: true,
      value: (packet: Packet | undefined, on: MysqlConnection) => {
        const leaving = isFull(packet)
          ? (contained('pool.share', () => this.shelf.retreat()) ?? [])
          : []
        if (leaving.length === 0) return execute.call(handshake, packet, on)
        Reflect.deleteProperty(handshake, 'execute')
        connection.stream.destroy()
        seat.rise()
        void Promise.all(leaving).then(() => {
          if (lease.isGivenUp) return
          lease.resource.runInAsyncScope(() => {
            lease.sit(new Line(connection.config))
            begin(lease)
          })
        })
        return false
      },
    })
  }

  /**
   * The app need not wait for it: the driver, too, calls back before the server knows. It hears
   * `end` when the session is clean, or gone.
   */
  private async takeBack(lease: Lease, line: Line): Promise<void> {
    const { connection: client, place, resource } = lease
    try {
      await inRoot(() => this.clean(line, place, client))
    } catch {
      tally('hotpath.pool.share', { outcome: 'closed', reason: 'reset failed' })
      line.destroy()
    }
    // In a tick of its own, so that what a listener throws is the app's.
    process.nextTick(() => resource.runInAsyncScope(() => client.emit('end')))
  }

  private async clean(line: Line, place: Place<Line>, client: MysqlConnection): Promise<void> {
    line.keep(client)
    place.unfit ??= await line.unfit()
    if (place.unfit) {
      line.close()
      this.say(place.unfit, client)
      return
    }
    await line.reset()
    this.shelf.putClean(place, line)
  }

  private say(unfit: string, { config }: MysqlConnection): void {
    if (this.said.has(unfit)) return
    this.said.add(unfit)
    const why =
      unfit === 'pooler'
        ? 'a pooler stands before it, and shares connections already'
        : 'it runs init_connect in each new session'
    process.stderr.write(
      `hotpath: pool.share: connections to ${nameOf(config as never)} are left as they are: ${why}.\n`,
    )
  }
}

/** Nothing comes while nobody is asked; what comes all the same is for nobody. */
const waiting: State = () => waiting

/** Lets the driver wait for the server's greeting, as in the constructor. */
function begin({ handshake, connection }: Lease): void {
  handshake.next = undefined
  connection.handlePacket()
}

function isFull(packet: Packet | undefined): boolean {
  if (packet?.isError() !== true) return false
  const errno = contained('pool.share', () => packet.clone().asError('utf8').errno)
  return TOO_MANY.has(Number(errno))
}
