import { durationMs } from '../config/duration.js'
import type { PoolConfig } from '../config.js'

/** What the config says of connections, in milliseconds and counts. */
export interface PoolPolicy {
  /** A connection that is lent longer is reported. Infinity: none is. */
  readonly leakAfterMs: number
  /** Callers that may wait for a connection of one pool. */
  readonly maxWaiting: number
  /** For pools of pg that say no `maxLifetimeSeconds` of their own. 0: none. */
  readonly lifetimeMs: number
  /** Idle connections kept for each set of connection options; 0: clients of a request are not shared. */
  readonly shared: number
  /** How long a shared connection stays idle before it is closed. */
  readonly sharedIdleMs: number
}

/** As pg-pool's own. */
const SHARED = 10
const SHARED_IDLE_MS = 10_000

export function policyOf(config: PoolConfig): PoolPolicy {
  const { share } = config
  const more = typeof share === 'object' ? share : {}
  return {
    leakAfterMs: durationMs(config.leakAfter) ?? Number.POSITIVE_INFINITY,
    maxWaiting: config.maxWaiting ?? Number.POSITIVE_INFINITY,
    lifetimeMs: durationMs(config.lifetime) ?? 0,
    shared: share === undefined || share === false ? 0 : (more.max ?? SHARED),
    sharedIdleMs: durationMs(more.idle) ?? SHARED_IDLE_MS,
  }
}

/** What holds in this process; a field of an object, so that every gate sees the change. */
export const pools: { policy: PoolPolicy | undefined } = { policy: undefined }
