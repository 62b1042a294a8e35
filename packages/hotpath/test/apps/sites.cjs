'use strict'
// `/loop` asks in one place; `/two` asks the same in two, of which the second is reached late.
const http = require('node:http')
const { Pool } = require('pg')
const { serve } = require('./serve.cjs')

const pool = new Pool({ connectionString: process.env.DATABASE_URL })
process.once('disconnect', () => pool.end())

const ways = {
  async loop(n) {
    for (let i = 0; i < 3; i++) await pool.query('select $1::int as loop', [n]) // the one place
  },
  async two(n) {
    if (n < 9)
      await pool.query('select $1::int as two', [n]) // early
    else await pool.query('select $1::int as two', [n]) // late
  },
}

serve(
  http.createServer(async (request, response) => {
    const [, way, n] = request.url.split('/')
    await ways[way](Number(n))
    response.end(n)
  }),
)
