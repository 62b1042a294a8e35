import { AsyncResource } from 'node:async_hooks'
import { caught, contained } from '../../trace/counts.js'
import type { ActiveTrace } from '../../trace/span.js'
import { tally } from '../../trace/tallies.js'
import { nameOf } from '../figures.js'
import type { PoolPolicy } from '../policy.js'
import { inRoot } from '../root.js'
import { ping, ready } from './exchange.js'
import { keyOf } from './key.js'
import { Lease, restart } from './lease.js'
import { Line } from './line.js'
import { isOpenedByPool } from './opening.js'
import { requestOf } from './request.js'
import { isFresh, type Place, Shelf } from './shelf.js'
import type { SharableClient } from './shapes.js'

type Callback = (this: unknown, ...args: unknown[]) => unknown

/** How the gate connects a client as ever. */
export interface Opening {
  /** Calls the driver's own method; `callback` is the app's, with the span of a new connection. */
  readonly open: (callback: Callback) => void
  /** The same without a span: no connection is made. */
  readonly attach: (callback: Callback) => void
}

/** Connects the client. */
type Start = () => void

/** A client that connects, with all that belongs to it. */
interface Caller {
  readonly client: Leased
  readonly place: Place<Line>
  readonly callback: Callback
  readonly opening: Opening
  /** The async context that its events run in. */
  readonly resource: AsyncResource
  readonly request: ActiveTrace
}

/** too_many_connections: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const TOO_MANY = '53300'

/** Where a client keeps its lease. */
const LEASE = Symbol('hotpath.lease')
type Leased = SharableClient & { [LEASE]?: Lease | 'asking' }

/** Lends connections to clients that an app opens and ends within a request. */
export class Lender {
  private readonly shelf: Shelf<Line>
  private saidPooled = false

  constructor(policy: PoolPolicy) {
    this.shelf = new Shelf(policy)
  }

  /**
   * A client connects. Undefined: it is none of ours, go on as ever; else what connects it, which
   * throws what the driver throws.
   */
  connect(client: Leased, callback: Callback, opening: Opening): Start | undefined {
    if (client[LEASE] === 'asking') {
      const twice = new Error('Client has already been connected. You cannot reuse a client.')
      return () => process.nextTick(callback, twice)
    }
    const request = requestOf()
    if (request === undefined || isOpenedByPool() || isUsed(client)) return undefined
    const place = this.placeOf(client)
    if (place === undefined) return undefined
    const resource = new AsyncResource('HotpathLease')
    const caller: Caller = { client, place, callback, opening, resource, request }
    const line = this.shelf.take(place)
    if (line === undefined) return this.open(caller)
    if (isFresh(line)) return this.lend(caller, line)
    return this.ask(caller, line)
  }

  /** A client ends. Undefined: its connection ends with it, go on as ever. */
  end(client: Leased, callback: (() => void) | undefined): { readonly value: unknown } | undefined {
    const lease = client[LEASE]
    if (lease === undefined) return undefined
    if (lease === 'asking') {
      // It has not connected: the driver's own `end` does nothing but say so.
      client[LEASE] = undefined as never
      return undefined
    }
    if (lease.state === 'lent') {
      const kept =
        lease.keptBy() ?? (this.shelf.canKeep(lease.place, lease.line) ? undefined : 'full')
      if (kept !== undefined) {
        tally('hotpath.pool.share', { outcome: 'closed', reason: kept })
        Reflect.deleteProperty(client, LEASE)
        return undefined
      }
      void this.takeBack(lease)
    }
    if (callback !== undefined) return { value: lease.whenEnded(callback) }
    const Own = client._Promise ?? Promise
    return { value: new Own<void>(resolve => lease.whenEnded(resolve)) }
  }

  private placeOf(client: SharableClient): Place<Line> | undefined {
    const keyed = keyOf(client)
    if ('unshared' in keyed) {
      tally('hotpath.pool.share', { outcome: 'unshared', reason: keyed.unshared })
      return undefined
    }
    return this.shelf.place(keyed.key)
  }

  private open(caller: Caller, again = false): Start {
    const { client, place, callback, opening, resource, request } = caller
    tally('hotpath.pool.share', { outcome: 'opened' })
    const line = new Line(client.connection)
    line.attend(resource)
    hold(client, new Lease(client, line, place, resource, request, undefined))
    const noticing: Callback = (...args) => {
      const full = (args[0] as { code?: unknown } | null)?.code === TOO_MANY
      const leaving = full ? (contained('pool.share', () => this.shelf.retreat()) ?? []) : []
      if (again || leaving.length === 0) return callback.apply(undefined, args)
      // Without us there would have been a place: those that lay idle make it.
      restart(client, line)
      return this.after(Promise.all(leaving), caller, () =>
        client[LEASE] === 'asking' ? this.open(caller, true) : undefined,
      )
    }
    return () => opening.open(noticing)
  }

  private lend({ client, place, callback, opening, resource, request }: Caller, line: Line): Start {
    tally('hotpath.pool.share', { outcome: 'reused' })
    hold(client, new Lease(client, line, place, resource, request, client.connection))
    line.attend(resource)
    return () => line.greet(client, () => opening.attach(callback))
  }

  /** The line was idle for a while: the server, or a firewall, may have dropped it. */
  private ask(caller: Caller, line: Line): Start {
    return () => {
      const stands = inRoot(ping, line.connection).then(
        () => true,
        () => {
          line.destroy()
          return false
        },
      )
      this.after(stands, caller, stood => {
        if (caller.client[LEASE] !== 'asking') {
          if (stood) this.shelf.put(caller.place, line)
          return undefined
        }
        return stood ? this.lend(caller, line) : this.open(caller)
      })
    }
  }

  /** Goes on with a client when something has come about, in its own context. */
  private after<T>(what: Promise<T>, caller: Caller, go: (it: T) => Start | undefined): void {
    hold(caller.client, 'asking')
    what
      .then(it => caller.resource.runInAsyncScope(() => go(it)?.()))
      .catch(() => caught('pool.share'))
  }

  /** The app hears of the end when the session is clean, or gone: its locks are free by then. */
  private async takeBack(lease: Lease): Promise<void> {
    const { line, place } = lease
    const { _txStatus, readyForQuery } = lease.client
    try {
      lease.part()
      await inRoot(async () => {
        const isReady = readyForQuery === true
        await this.clean(lease, isReady ? _txStatus : await ready(line.connection))
      })
    } catch {
      tally('hotpath.pool.share', { outcome: 'closed', reason: 'reset failed' })
      line.destroy()
    }
    lease.finish()
    if (place.unfit === 'pooler') this.sayPooled(lease.client)
  }

  private async clean({ line, place }: Lease, status: unknown): Promise<void> {
    place.unfit ??= (await line.isPooled()) && 'pooler'
    if (place.unfit) {
      line.close()
      return
    }
    await line.reset(status)
    this.shelf.putClean(place, line)
  }

  private sayPooled({ connectionParameters }: SharableClient): void {
    if (this.saidPooled) return
    this.saidPooled = true
    process.stderr.write(
      `hotpath: pool.share: a pooler such as pgbouncer stands before ${nameOf(connectionParameters)}. It shares connections already: clients that connect to it are left as they are.\n`,
    )
  }
}

/** It has connected before, or been ended: the driver has an answer to that. */
function isUsed(client: SharableClient): boolean {
  return (
    client._connecting === true ||
    client._connected === true ||
    client._ending === true ||
    typeof client.connection?.execute !== 'function'
  )
}

/** Not enumerable: apps log clients, and copy them. */
function hold(client: Leased, lease: Lease | 'asking'): void {
  Object.defineProperty(client, LEASE, { value: lease, configurable: true, writable: true })
}
