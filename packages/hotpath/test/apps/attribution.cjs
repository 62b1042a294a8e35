'use strict'
// Each request makes statements that carry its own number, in the way its path says, over a pool of ten.
const http = require('node:http')
const { Pool } = require('pg')
const { serve } = require('./serve.cjs')

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
process.once('disconnect', () => pool.end())

/** The number is the name of a column, which a template keeps. */
const statement = (n, part) => `select pg_sleep(0.002) as r${n}_${part}`

const ways = {
  async 'pool-promise'(n) {
    for (const part of [1, 2, 3]) await pool.query(statement(n, part))
  },
  'pool-callback': n =>
    new Promise(resolve => {
      pool.query(statement(n, 1), () =>
        pool.query(statement(n, 2), () => pool.query(statement(n, 3), resolve)),
      )
    }),
  async 'connect-promise'(n) {
    const client = await pool.connect()
    for (const part of [1, 2, 3]) await client.query(statement(n, part))
    client.release()
  },
  'connect-callback': n =>
    new Promise(resolve => {
      pool.connect((_, client, release) => {
        client.query(statement(n, 1), () =>
          client.query(statement(n, 2), () =>
            client.query(statement(n, 3), () => {
              release()
              resolve()
            }),
          ),
        )
      })
    }),
}

serve(
  http.createServer(async (request, response) => {
    const [, way, n] = request.url.split('/')
    await ways[way](n)
    response.end(n)
  }),
)
