import type { AsyncResource } from 'node:async_hooks'
import type { ActiveTrace } from '../../trace/span.js'
import type { Leftover } from './leftovers.js'
import type { Line } from './line.js'
import { hasOutlived } from './request.js'
import type { Place } from './shelf.js'
import type { PgConnection, SharableClient } from './shapes.js'

/** A client of the app that holds a line, until it ends. */
export class Lease {
  state: 'lent' | 'ending' | 'ended' = 'lent'
  private readonly waiting: (() => void)[] = []

  constructor(
    readonly client: SharableClient,
    readonly line: Line,
    readonly place: Place<Line>,
    readonly resource: AsyncResource,
    private readonly trace: ActiveTrace,
    /** The connection that the client's constructor made, where it was not used. */
    private readonly unused: PgConnection | undefined,
  ) {}

  /** Why the line must go with its client; undefined: it can go back. */
  keptBy(): Leftover | 'broken' | 'busy' | 'outlived' | undefined {
    const { client, trace } = this
    const broken = client._queryable !== true || client._connectionError === true
    if (broken || client._connected !== true || client._ending === true || client._ended === true) {
      return 'broken'
    }
    if (!this.line.connection.stream.writable) return 'broken'
    if (isBusy(client)) return 'busy'
    if (hasOutlived(trace)) return 'outlived'
    return this.line.leftover
  }

  /** Takes the line from the client, which is from now on as one that has ended. */
  part(): void {
    const { client, line } = this
    this.state = 'ending'
    line.processID = client.processID
    line.secretKey = client.secretKey
    client._ending = true
    client.readyForQuery = false
    line.detach()
    client.connection = this.unused ?? newConnection(line.connection)
  }

  /** Calls `fn` once the line was reset or closed. */
  whenEnded(fn: () => void): void {
    if (this.state === 'ended') process.nextTick(fn)
    else this.waiting.push(fn)
  }

  /**
   * Tells the app, in its own context, that the client has ended: those who wait before those who
   * listen, as the driver does. In ticks of their own, so that what they throw is the app's.
   */
  finish(): void {
    const { client, waiting } = this
    this.state = 'ended'
    client._ended = true
    this.resource.runInAsyncScope(() => {
      for (const fn of waiting.splice(0)) process.nextTick(fn)
      process.nextTick(() => client.emit('end'))
    })
  }
}

function isBusy(client: SharableClient): boolean {
  const old = client._queryQueue === undefined
  const queue = old ? client.queryQueue : client._queryQueue
  const active = old ? client.activeQuery : client._activeQuery
  const sent = client._sentQueryQueue?.length ?? 0
  return (queue?.length ?? 0) + sent > 0 || (active !== null && active !== undefined)
}

/** A connection that was never opened, with the options of another. */
function newConnection(like: PgConnection): PgConnection {
  const options = {
    ssl: like.ssl,
    sslNegotiation: like.sslNegotiation,
    keepAlive: like._keepAlive,
    keepAliveInitialDelayMillis: like._keepAliveInitialDelayMillis,
  }
  return new (like.constructor as new (options: object) => PgConnection)(options)
}

/** Makes of a client that failed to connect one that may try again. */
export function restart(client: SharableClient, line: Line): void {
  line.detach()
  line.destroy()
  client.connection = newConnection(line.connection)
  client._connecting = false
  client._connectionError = false
}
