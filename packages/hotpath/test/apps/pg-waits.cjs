'use strict'
// A pool of one connection. `/acquire` asks something in a listener each time one is handed out;
// `/breaks` gives its connection back broken once somebody waits, so that a new one is opened.
const http = require('node:http')
const { Pool } = require('pg')
const { serve } = require('./serve.cjs')

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1 })
process.once('disconnect', () => pool.end())
pool.on('acquire', client => client.query('select 1 as acquired').catch(() => {}))

let held = false
const until = async condition => {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

const ways = {
  '/acquire': () => pool.query('select pg_sleep(0.005) as work'),
  '/held': () => until(() => held),
  async '/breaks'() {
    const client = await pool.connect()
    held = true
    await until(() => pool.waitingCount > 0)
    client.release(new Error('broken'))
  },
}

serve(
  http.createServer(async (request, response) => {
    await ways[request.url]()
    response.end()
  }),
)
