import { HotpathError } from '../errors.js'
import { tally } from '../trace/tallies.js'
import { pools } from './policy.js'
import type { PgPoolShape } from './shapes.js'

type Callback = (error: Error, client: undefined, release: () => void) => unknown

/**
 * Refuses a caller when as many wait as may: a queue that grows answers everybody late. Undefined
 * lets the call pass, else what it returns, in a box.
 */
export function refused(
  pool: PgPoolShape,
  callback: unknown,
): { readonly value: unknown } | undefined {
  const limit = pools.policy?.maxWaiting ?? Number.POSITIVE_INFINITY
  const waiting = pool._pendingQueue?.length ?? 0
  const max = Number(pool.options?.max)
  if (waiting < limit || pool.ending === true || !isBusy(pool, max)) return undefined
  tally('hotpath.pool.refused', {})
  const error = new HotpathError('HOTPATH_POOL_QUEUE', {
    max: String(max),
    waiting: String(waiting),
    limit: String(limit),
  })
  if (typeof callback !== 'function') return { value: (pool.Promise ?? Promise).reject(error) }
  process.nextTick(callback as Callback, error, undefined, () => {})
  return { value: undefined }
}

/** With an idle connection, or room for one, who comes waits for a tick. */
function isBusy(pool: PgPoolShape, max: number): boolean {
  return pool._idle?.length === 0 && (pool._clients?.length ?? 0) >= max
}
