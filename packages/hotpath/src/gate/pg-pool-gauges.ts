import { countDropped } from '../trace/counts.js'
import { addGauges, type Gauge } from '../trace/gauges.js'
import type { PgPool } from './pg-types.js'

/** An app has a few; one that makes a pool per request must not make us hold them all. */
const MAX_POOLS = 64

const pools = new Set<WeakRef<PgPool>>()
const seen = new WeakSet<PgPool>()

/** To be called when a pool opens a connection, which is rare: it is watched from then on. */
export function watchPool(pool: PgPool): void {
  if (seen.has(pool)) return
  seen.add(pool)
  addOnce()
  sweep()
  if (pools.size < MAX_POOLS) pools.add(new WeakRef(pool))
  else countDropped('series', 'overflow', 1)
}

let added = false
function addOnce(): void {
  if (!added) addGauges('gate.pg-pool', readPools)
  added = true
}

/** Leaves out what the app has ended or let go. */
function sweep(): PgPool[] {
  const living: PgPool[] = []
  for (const reference of pools) {
    const pool = reference.deref()
    if (pool === undefined || pool.ended === true) pools.delete(reference)
    else living.push(pool)
  }
  return living
}

interface Figures {
  used: number
  idle: number
  pending: number
  max: number
}

/** The connections of all pools; of pools to one database their sums. */
function readPools(): Gauge[] {
  const byName = new Map<string, Figures>()
  for (const pool of sweep()) {
    const name = poolName(pool)
    const sum = byName.get(name) ?? { used: 0, idle: 0, pending: 0, max: 0 }
    const idle = amount(pool.idleCount)
    sum.idle += idle
    sum.used += Math.max(0, amount(pool.totalCount) - idle)
    sum.pending += amount(pool.waitingCount)
    sum.max += amount(pool.options?.max)
    byName.set(name, sum)
  }
  return [...byName].flatMap(([name, figures]) => gaugesOf(name, figures))
}

function gaugesOf(pool: string, { used, idle, pending, max }: Figures): Gauge[] {
  const gauge = (name: string, unit: string, value: number, more = {}): Gauge => ({
    name: `db.client.connection.${name}`,
    unit,
    kind: 'level',
    attributes: { 'db.client.connection.pool.name': pool, ...more },
    value,
  })
  return [
    gauge('count', '{connection}', used, { 'db.client.connection.state': 'used' }),
    gauge('count', '{connection}', idle, { 'db.client.connection.state': 'idle' }),
    gauge('pending_requests', '{request}', pending),
    gauge('max', '{connection}', max),
  ]
}

/** `db.example.com:5432/shop`, as the convention names a pool without a name; never from the URL, which has the password. */
export function poolName(pool: PgPool): string {
  const known = names.get(pool)
  if (known !== undefined) return known
  const { host, port, database } = pool._clients?.[0]?.connectionParameters ?? pool.options ?? {}
  if (typeof host !== 'string') return 'postgresql'
  const name = `${host}:${String(port)}/${String(database)}`
  names.set(pool, name)
  return name
}

/** Read once: a pool without a connection keeps the name that it had. */
const names = new WeakMap<PgPool, string>()

const amount = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
