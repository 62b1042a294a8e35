import { serverRooms } from '../pool/room.js'
import { countDropped } from '../trace/counts.js'
import { addGauges, type Gauge } from '../trace/gauges.js'

/** An app has a few; one that makes a pool per request must not make us hold them all. */
const MAX_POOLS = 64

/** The connections of a pool now. */
export interface PoolState {
  /** `db.example.com:5432/shop`. */
  readonly name: string
  readonly used: number
  readonly idle: number
  /** Callers that wait for one. */
  readonly pending: number
  /** Connections that it may have. */
  readonly max: number
}

interface Watched {
  readonly pool: WeakRef<object>
  /** Undefined when the app has ended the pool. */
  readonly read: (pool: never) => PoolState | undefined
}

const pools = new Set<Watched>()
const seen = new WeakSet<object>()

/** Reads the pool's state with each delivery of metrics from now on, as long as it lives. */
export function watchPool<P extends object>(
  pool: P,
  read: (pool: P) => PoolState | undefined,
): void {
  if (seen.has(pool)) return
  seen.add(pool)
  addOnce()
  states()
  if (pools.size < MAX_POOLS) pools.add({ pool: new WeakRef(pool), read })
  else countDropped('series', 'overflow', 1)
}

let added = false
function addOnce(): void {
  if (!added) addGauges('gate.pool', readPools)
  added = true
}

/** Of all pools; leaves out what the app has ended or let go. */
function states(): PoolState[] {
  const living: PoolState[] = []
  for (const watched of pools) {
    const pool = watched.pool.deref()
    const state = pool === undefined ? undefined : watched.read(pool as never)
    if (state === undefined) pools.delete(watched)
    else living.push(state)
  }
  return living
}

/** The connections of all pools; of pools to one database their sums. */
function readPools(): Gauge[] {
  const byName = new Map<string, PoolState>()
  for (const state of states()) {
    const sum = byName.get(state.name)
    byName.set(state.name, sum === undefined ? state : together(sum, state))
  }
  return [...byName.values()].flatMap(gaugesOf).concat(serverRooms().map(roomGauge))
}

function together(a: PoolState, b: PoolState): PoolState {
  return {
    name: a.name,
    used: a.used + b.used,
    idle: a.idle + b.idle,
    pending: a.pending + b.pending,
    max: a.max + b.max,
  }
}

function gaugesOf({ name: pool, used, idle, pending, max }: PoolState): Gauge[] {
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

function roomGauge([pool, value]: readonly [string, number]): Gauge {
  return {
    name: 'hotpath.pool.server_max',
    unit: '{connection}',
    kind: 'level',
    attributes: { 'db.client.connection.pool.name': pool },
    value,
  }
}

/** What the app's copy of a driver says, if it is a count. */
export const amount = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
