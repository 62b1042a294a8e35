'use strict'
const { Client } = require('pg')
const { play } = require('./play.cjs')
const { cases } = require('./requests.cjs')

play(cases, async () => {
  const client = new Client({ connectionString: process.env.DATABASE_URL })
  await client.connect()
  const { rows } = await client.query('select pg_backend_pid() as pid')
  await client.end()
  return rows[0].pid
})
