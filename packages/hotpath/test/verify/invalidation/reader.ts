/** A second process, started by `far.ts`: reads one row through a cache and tells when it changes. */
import pg from 'pg'
import { gatePg } from '../../../dist/gate/pg.js'
import { useQueries } from '../../../dist/gate/pg-queries.js'
import { Cached } from './cached.js'
import { RedisChannel } from './redis.js'

const [url = '', port = '0', deaf = ''] = process.argv.slice(2)
const text = 'select n from far where id = $1'

gatePg()
const channel = new RedisChannel(Number(port))
const invalidation = deaf === 'deaf' ? {} : { invalidation: { channel } }
await useQueries({ queries: { observe: true }, ...invalidation }, process.cwd())
const pool = new pg.Pool({ connectionString: url, max: 2 })
const cached = new Cached({})
const over = new AbortController()
let last = -1
process.on('message', () => {
  over.abort()
})

async function read(): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(text, [1])
  return rows[0]?.n ?? -1
}

while (!over.signal.aborted) {
  const n = await cached.get('far', read)
  if (n !== last) process.send?.({ n, atNs: String(process.hrtime.bigint()) })
  last = n
  await new Promise(setImmediate)
}
process.send?.({ hits: cached.hits })
await pool.end()
channel.close()
process.disconnect()
