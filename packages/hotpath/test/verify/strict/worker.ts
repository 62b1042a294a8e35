/** One process of the app, started by `processes.ts`: it reads through each of the caches, and writes. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { createClient } from 'redis'
import { createCache } from '../../../dist/cache/index.js'
import { redisStore } from '../../../dist/drivers/redis.js'
import { gateHttpServer } from '../../../dist/gate/http-server.js'
import { gatePg } from '../../../dist/gate/pg.js'
import { useQueries } from '../../../dist/gate/pg-queries.js'
import { useServe } from '../../../dist/gate/serve-stage.js'
import { tallied } from '../../../dist/trace/tallies.js'
import { inRequest } from '../batch.js'
import { TABLES } from '../invalidation/shop.js'
import type { Order, Setup } from './processes.js'

const { url, redisPort, defects, queues, mode } = JSON.parse(process.argv[2] ?? '{}') as Setup

const client = createClient({
  url: `redis://127.0.0.1:${redisPort}`,
  disableOfflineQueue: !queues,
  socket: { reconnectStrategy: 50 },
})
client.on('error', () => {})
void client.connect()

const store = redisStore(client)
const config = {
  queries: { batch: true, cache: { tables: [...TABLES, 'counters'], ttl: '1h' } },
  invalidation: mode === 'strict' ? { mode, store } : mode === 'fast' ? { channel: store } : {},
  routes: { 'GET /read': { cache: { ttl: '1h' } } },
} as const
gatePg()
gateHttpServer()
await useQueries(config, process.cwd(), defects)
await useServe(config)

const pool = new pg.Pool({ connectionString: url, max: 6, connectionTimeoutMillis: 3_000 })
pool.on('error', () => {})
pool.on('connect', made => {
  // Of a connection that is lost while it is in use.
  made.on('error', () => {})
  void made.query('set search_path = shop').catch(() => {})
})
const cached = createCache({ ttl: '1h' })
const server = createServer((request, response) => {
  const k = new URL(request.url ?? '', 'http://app').searchParams.get('k') ?? ''
  const { text, values } = JSON.parse(k) as { text: string; values: unknown[] }
  pool.query(text, values).then(
    ({ rows }) => response.end(JSON.stringify(rows)),
    (error: unknown) => {
      response.statusCode = 500
      response.end(String(error))
    },
  )
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
const port = (server.address() as AddressInfo).port

let release: () => void = () => {}
let hits = 0

async function run(order: Order): Promise<unknown> {
  switch (order.op) {
    case 'read':
      return read(order)
    case 'slow':
      // What another one waits for: it has read, and is not yet there.
      return cached.getOrSet(`slow ${order.text}`, async () => {
        const { rows } = await pool.query(order.text, order.values)
        if (order.waits) {
          process.send?.({ id: order.id, note: 'has read' })
          await new Promise<void>(resolve => {
            release = resolve
          })
        }
        return rows as unknown
      })
    case 'release':
      return release()
    case 'write':
      return write(order)
    case 'begin': {
      const open = await pool.connect()
      await open.query('begin')
      await open.query(order.text, order.values)
      left = open
      return 'open'
    }
    case 'commit':
      await left?.query('commit')
      left?.release()
      return 'committed'
    case 'figures':
      return figures()
  }
}

let left: pg.PoolClient | undefined

async function read({ how, text, values }: Order & { op: 'read' }): Promise<unknown> {
  const rows = async () => (await pool.query(text, [...values])).rows as unknown
  const k = JSON.stringify({ text, values })
  if (how === 'function') return cached.getOrSet(k, rows)
  if (how === 'statement') return inRequest('/statement', rows)
  const answer = await fetch(`http://127.0.0.1:${port}/read?k=${encodeURIComponent(k)}`)
  if (answer.headers.get('cache-status')?.includes('hit') === true) hits++
  if (!answer.ok) throw new Error(await answer.text())
  return answer.json()
}

async function write({ steps, isolation, commits }: Order & { op: 'write' }): Promise<string> {
  const made = await pool.connect()
  let failed: unknown
  try {
    if (steps.length === 1 && commits && isolation === '') {
      await made.query(...(steps[0] as [string, unknown[]?]))
      return 'committed'
    }
    await made.query(`begin${isolation}`)
    try {
      for (const step of steps) await made.query(...(step as [string, unknown[]?]))
      await made.query(commits ? 'commit' : 'rollback')
      return commits ? 'committed' : 'rolled back'
    } catch (error) {
      failed = error
      await made.query('rollback')
      return 'failed'
    }
  } catch (error) {
    failed ??= error
    return 'unknown'
  } finally {
    made.release(failed !== undefined)
  }
}

function figures(): Record<string, number> {
  const sum: Record<string, number> = { responses: hits }
  const { getOrSet } = cached.stats().names
  sum['functions'] = getOrSet?.hits ?? 0
  for (const { name, n, attributes } of tallied()) {
    if (name === 'hotpath.query.cache.hits') sum['statements'] = n
    if (!name.startsWith('hotpath.invalidation.strict.') && name !== 'hotpath.recorder.errors')
      continue
    const key = `${name.split('.').at(-1)} ${String(attributes['reason'] ?? attributes['where'] ?? '')}`
    sum[key] = (sum[key] ?? 0) + n
  }
  return sum
}

process.on('message', message => {
  const order = message as Order
  run(order).then(
    value => process.send?.({ id: order.id, value: value ?? null }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error).slice(0, 200) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ id: 0, value: 'ready' })
