import type { PgPool } from './pg-types.js'
import { amount, type PoolState } from './pool-gauges.js'

/** The connections of a pool of pg; undefined when the app has ended it. */
export function pgPoolState(pool: PgPool): PoolState | undefined {
  if (pool.ended === true) return undefined
  const idle = amount(pool.idleCount)
  return {
    name: poolName(pool),
    idle,
    used: Math.max(0, amount(pool.totalCount) - idle),
    pending: amount(pool.waitingCount),
    max: amount(pool.options?.max),
  }
}

/** `db.example.com:5432/shop`, as the convention names a pool without a name; never from the URL, which has the password. */
export function poolName(pool: PgPool): string {
  const known = names.get(pool)
  if (known !== undefined) return known
  const name = readName(pool)
  if (name === undefined) return 'postgresql'
  names.set(pool, name)
  return name
}

/** Undefined also where the app has put something in these places that throws. */
function readName(pool: PgPool): string | undefined {
  try {
    const { host, port, database } = pool._clients?.[0]?.connectionParameters ?? pool.options ?? {}
    return typeof host === 'string' ? `${host}:${String(port)}/${String(database)}` : undefined
  } catch {
    return undefined
  }
}

/** Read once: a pool without a connection keeps the name that it had. */
const names = new WeakMap<PgPool, string>()
