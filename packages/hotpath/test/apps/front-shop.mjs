/** A shop behind a cache: its menu, one dish, who is asking; prices change by POST. */
import { setTimeout as delay } from 'node:timers/promises'
import fastify from 'fastify'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 })
pool.on('error', () => {})
const app = fastify({ forceCloseConnections: true })

app.get('/dishes/:id', async ({ params }) => {
  const { rows } = await pool.query('select id, price from menu where id = $1', [params.id])
  return rows[0] ?? {}
})
app.get('/menu', async () => {
  const { rows } = await pool.query('select id, price from menu order by id')
  return rows
})
app.get('/specials', async () => (await pool.query('select id, price from specials')).rows)
app.get('/me', async ({ headers }) => ({ user: headers.cookie ?? 'nobody', at: process.hrtime() }))
app.get('/slow/:id', async ({ params }) => {
  const { rows } = await pool.query('select price from menu where id = $1', [params.id])
  // Long after it has read: another write may come in between.
  await delay(20)
  return rows[0] ?? {}
})
app.post('/dishes/:id/:price', async ({ params, query }) => {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('update menu set price = $2 where id = $1', [params.id, params.price])
    await client.query(query.rollback === undefined ? 'commit' : 'rollback')
  } finally {
    client.release()
  }
  return { written: true }
})
/** Waits for the purges of what was written before. */
app.post('/purged', async () => {
  const { purged } = await import('hotpath/cdn')
  return { purged: await purged() }
})
/** All work is done: the process ends by itself. */
app.post('/end', async () => {
  setImmediate(async () => {
    await app.close()
    await pool.end()
  })
  return {}
})

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
process.stdout.write('listening\n')
