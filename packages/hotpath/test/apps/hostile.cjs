'use strict'
// The name of its database throws when it is read after the statement: whoever reads it then must
// bear it.
const http = require('node:http')
const { Pool } = require('pg')
const { serve } = require('./serve.cjs')

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1 })
process.once('disconnect', () => pool.end())

serve(
  http.createServer(async (_, response) => {
    const client = await pool.connect()
    const { rows } = await client.query('select $1::int as a', [1])
    Object.defineProperty(client.connectionParameters, 'database', {
      configurable: true,
      get() {
        throw new Error('too late')
      },
    })
    client.release()
    response.end(JSON.stringify(rows))
  }),
)
