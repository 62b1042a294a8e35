/** One price, read and written through each driver: of a PostgreSQL by pg and postgres.js, of a MariaDB by mysql2. */
import { createServer } from 'node:http'
import express from 'express'
import mysql from 'mysql2/promise'
import pg from 'pg'
import postgres from 'postgres'
import { cacheResponses } from '../../dist/web/express.js'

const { PG_URL, MYSQL_URL, TLS, EARLY } = process.env
const pool = new pg.Pool({ connectionString: PG_URL, max: 3 })
pool.on('error', () => {})
const sql = postgres(PG_URL, { max: 3, ssl: TLS ? { rejectUnauthorized: false } : false })
const maria = MYSQL_URL && mysql.createPool(MYSQL_URL)

if (EARLY) {
  // It asks once, before the config is read, and never again.
  const listener = new pg.Client(PG_URL)
  listener.on('error', () => {})
  listener.connect().catch(() => {})
  listener.query('listen menu').catch(() => {})
  pool.query('select 1').catch(() => {})
  listener.connection.stream.once('connect', () => setImmediate(() => process.emit('connecting')))
}

const app = express()
const READ = 'select price from menu where id = 1'
const UPDATE = 'update menu set price = ? where id = 1'
const first = rows => String(rows[0].price)

app.get('/pg', async (_, response) => response.send(first((await pool.query(READ)).rows)))
// In the config too.
app.get('/both', cacheResponses({ ttl: '10m' }), async (_, response) =>
  response.send(first((await pool.query(READ)).rows)),
)
app.get('/postgres', async (_, response) =>
  response.send(first(await sql`select price from menu where id = 1`)),
)
app.get('/mysql', async (_, response) => response.send(first((await maria.query(READ))[0])))
app.get('/mysql-execute', async (_, response) =>
  response.send(first((await maria.execute(READ))[0])),
)
app.get('/mysql-transaction', async (_, response) => {
  const connection = await maria.getConnection()
  await connection.beginTransaction()
  const [rows] = await connection.query(READ)
  await connection.commit()
  connection.release()
  response.send(first(rows))
})

const writes = {
  pg: price => pool.query('update menu set price = $1 where id = 1', [price]),
  postgres: price => sql`update menu set price = ${price} where id = 1`,
  'postgres-simple': price => sql.unsafe(`update menu set price = ${price} where id = 1`),
  'postgres-transaction': price =>
    sql.begin(async one => {
      await one`update menu set price = ${price} where id = 1`
      await one`select 1`
    }),
  'postgres-function': price => sql`select change_price(${price}::int)`,
  mysql: price => maria.query(UPDATE, [price]),
  'mysql-execute': price => maria.execute(UPDATE, [price]),
  'mysql-function': price => maria.query('select change_price(?)', [price]),
  'mysql-transaction': async price => {
    const connection = await maria.getConnection()
    await connection.beginTransaction()
    await connection.query(UPDATE, [price])
    await connection.commit()
    connection.release()
  },
}
app.post('/:way/:price', async ({ params }, response) => {
  await writes[params.way](Number(params.price))
  response.end()
})
/** A transaction that stays open behind the answer, until the next call. */
let left
app.post('/leave-open', async (_, response) => {
  left = await maria.getConnection()
  await left.beginTransaction()
  await left.query(UPDATE, [-1])
  response.end()
})
app.post('/roll-back', async (_, response) => {
  await left.rollback()
  left.release()
  response.end()
})
app.post('/close-postgres', async (_, response) => {
  await sql.end()
  response.end()
})

const server = createServer(app)
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
// Their pools would keep it alive.
process.once('disconnect', () => process.exit(0))
