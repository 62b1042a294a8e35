import { contained } from '../trace/counts.js'
import { tally } from '../trace/tallies.js'
import { pools } from './policy.js'
import { inRoot } from './root.js'
import type { PgPoolShape, PooledClient, WaitingItem } from './shapes.js'

/**
 * pg-pool looks at `connectionTimeoutMillis` only while a socket connects: a client that is slow
 * before or after that (a token that is fetched in `connect`, an `onConnect` that hangs) keeps its
 * caller waiting and its slot of the pool taken, for ever if it never comes
 * (https://github.com/brianc/node-postgres/issues/3543). Here the caller is told in time, the slot
 * is free at once, and the connection is closed if it still comes.
 */

/** pg-pool's own timer, set in the same tick, goes first. */
const GRACE_MS = 20

type Callback = (error: Error | undefined, client: unknown, release: unknown) => unknown

const abandoned = new WeakSet<object>()

/** To be called where a pool is about to open a connection for `item`; `client` finds it afterwards. */
export function guardConnect(
  pool: PgPoolShape,
  item: WaitingItem,
  client: () => PooledClient | undefined,
): void {
  const limitMs = Number(pool.options?.connectionTimeoutMillis)
  if (pools.policy === undefined || !(limitMs > 0) || typeof item.callback !== 'function') return
  const callback = item.callback as Callback
  let over = false
  const timer = inRoot(setTimeout, () => contained('pool.late', giveUp), limitMs + GRACE_MS)
  timer.unref()
  item.callback = function (this: unknown, ...args: Parameters<Callback>) {
    clearTimeout(timer)
    if (over) return undefined
    over = true
    return callback.apply(this, args)
  }

  function giveUp(): void {
    if (over) return
    over = true
    const late = client()
    if (late !== undefined) abandon(pool, late)
    // A caller that waited in the queue before was told already.
    if (item.timedOut === true) return
    item.timedOut = true
    tally('hotpath.pool.late', {})
    callback(new Error('timeout exceeded when trying to connect'), undefined, () => {})
  }
}

/** True: nobody waits for this client any more, and it has been closed. */
export function isAbandoned(client: PooledClient): boolean {
  if (!abandoned.has(client)) return false
  client.end?.(() => {})
  return true
}

function abandon(pool: PgPoolShape, client: PooledClient): void {
  abandoned.add(client)
  // Connected already, it hangs in `onConnect`; not begun, `end` does nothing, and it comes yet.
  client.end?.(() => {})
  if (pool._clients !== undefined) pool._clients = pool._clients.filter(one => one !== client)
  pool._pulseQueue?.()
}
