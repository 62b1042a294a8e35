import { AsyncResource } from 'node:async_hooks'
import { caught, contained } from '../../../trace/counts.js'
import type { ActiveTrace } from '../../../trace/span.js'
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

/** A connection of the app that is being made, with all that belongs to it. */
interface Caller {
  readonly handshake: Handshake
  readonly connection: MysqlConnection
  readonly seat: Seat
  readonly place: Place<Line>
  /** The async context in which its callbacks run. */
  readonly resource: AsyncResource
  readonly request: ActiveTrace
}

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
    const caller = { handshake, connection, seat, place, resource, request }
    const line = this.shelf.take(place)
    if (line === undefined) {
      this.open(caller)
      return undefined
    }
    // Within the constructor the app has no listener yet, and the driver is not done.
    if (isFresh(line))
      process.nextTick(() => contained('pool.share', () => this.lend(caller, line)))
    else this.ask(caller, line)
    return waiting
  }

  /** A connection is about to say goodbye: true when it need not, because its line stays. */
  end(connection: MysqlConnection): boolean {
    const lease = leaseOf(connection)
    if (lease === undefined) return false
    const kept =
      lease.keptBy() ?? (this.shelf.canKeep(lease.place, lease.line) ? undefined : 'full')
    if (kept !== undefined) {
      tally('hotpath.pool.share', { outcome: 'closed', reason: kept })
      return false
    }
    lease.line.remember(connection)
    lease.seat.rise()
    void this.takeBack(lease, connection)
    return true
  }

  private placeOf(connection: MysqlConnection): Place<Line> | undefined {
    const keyed = keyOf(connection)
    if ('key' in keyed) return this.shelf.place(keyed.key)
    tally('hotpath.pool.share', { outcome: 'unshared', reason: keyed.unshared })
    return undefined
  }

  private open(caller: Caller): void {
    tally('hotpath.pool.share', { outcome: 'opened' })
    this.seat(caller, new Line(caller.connection.config))
    this.tryAgainWhenFull(caller)
  }

  private lend(caller: Caller, line: Line): void {
    const { handshake, connection } = caller
    // It was destroyed, or took too long, before it had begun.
    if (connection._closing === true || connection._fatalError) {
      this.shelf.put(caller.place, line)
      return
    }
    tally('hotpath.pool.share', { outcome: 'reused' })
    line.leave()
    this.seat(caller, line)
    line.greet(handshake, connection)
  }

  private seat({ seat, place, resource, request }: Caller, line: Line): void {
    seat.sit(line)
    new Lease(seat, line, place, resource, request)
  }

  /** The line was idle for a while: the server, or a firewall, may have dropped it. */
  private ask(caller: Caller, line: Line): void {
    const { connection, resource } = caller
    const lend = () => this.lend(caller, line)
    const open = () => {
      line.destroy()
      if (connection._closing === true || connection._fatalError) return
      this.open(caller)
      begin(caller)
    }
    inRoot(() => line.ping())
      .then(
        () => resource.runInAsyncScope(lend),
        () => resource.runInAsyncScope(open),
      )
      .catch(() => caught('pool.share'))
  }

  /** Without us there would have been a place: those that lie idle make it, and it tries once more. */
  private tryAgainWhenFull(caller: Caller): void {
    const { handshake, connection, seat } = caller
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
        void Promise.all(leaving).then(() =>
          caller.resource.runInAsyncScope(() => {
            this.seat(caller, new Line(connection.config))
            begin(caller)
          }),
        )
        return false
      },
    })
  }

  /**
   * The app need not wait for it: the driver, too, calls back before the server knows. It hears
   * `end` when the session is clean, or gone.
   */
  private async takeBack({ line, place, resource }: Lease, client: MysqlConnection): Promise<void> {
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
function begin({ handshake, connection }: Caller): void {
  handshake.next = undefined
  connection.handlePacket()
}

function isFull(packet: Packet | undefined): boolean {
  if (packet?.isError() !== true) return false
  const errno = contained('pool.share', () => packet.clone().asError('utf8').errno)
  return TOO_MANY.has(Number(errno))
}
