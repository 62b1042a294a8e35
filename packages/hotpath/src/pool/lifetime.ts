import { contained } from '../trace/counts.js'
import { pools } from './policy.js'
import { inRoot } from './root.js'
import type { PgPoolShape, PooledClient } from './shapes.js'

/**
 * Instances that were started together would replace all of their connections in the same second,
 * after each lifetime again. Each connection goes up to a tenth earlier, at random.
 */
const JITTER = 0.1

/** Ends the client at a moment of its own before `maxLifetimeSeconds`, or before `pool.lifetime`. */
export function limitLifetime(pool: PgPoolShape, client: PooledClient): void {
  const { policy } = pools
  if (policy === undefined || pool._expired === undefined) return
  const ownMs = Number(pool.options?.maxLifetimeSeconds) * 1000
  const lifetimeMs = ownMs > 0 ? ownMs : policy.lifetimeMs
  if (!(lifetimeMs > 0)) return
  const afterMs = renewAfterMs(lifetimeMs)
  const timer = inRoot(
    setTimeout,
    () => contained('pool.lifetime', () => expire(pool, client)),
    afterMs,
  )
  timer.unref()
  const { once } = client as { once?: (event: string, listener: () => void) => unknown }
  once?.call(client, 'end', () => clearTimeout(timer))
}

/** When a connection with this lifetime is renewed. */
export function renewAfterMs(lifetimeMs: number, random: () => number = Math.random): number {
  return lifetimeMs * (1 - JITTER * random())
}

/** An idle one is closed now, one in use when it comes back. */
function expire(pool: PgPoolShape, client: PooledClient): void {
  if (pool._clients?.includes(client) !== true) return
  if (pool._idle?.some(item => item.client === client) === true) {
    pool._remove?.(client, () => pool._pulseQueue?.())
  } else {
    pool._expired?.add(client)
  }
}
