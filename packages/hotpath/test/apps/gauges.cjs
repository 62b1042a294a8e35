'use strict'
// Holds connections of a pool of two, burns the processor, and blocks the event loop, as it is asked.
const http = require('node:http')
const { Pool } = require('pg')
const { serve } = require('./serve.cjs')

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 2 })
const held = []
process.once('disconnect', () => {
  for (const client of held) client.release()
  void pool.end()
})

const ways = {
  /** Two have a connection, one waits. */
  async hold() {
    for (let n = 0; n < 2; n++) held.push(await pool.connect())
    void pool.connect().then(client => held.push(client))
  },
  release() {
    for (const client of held.splice(0)) client.release()
  },
  block() {
    const untilMs = performance.now() + 400
    while (performance.now() < untilMs);
  },
  hello() {},
}

serve(
  http.createServer(async (request, response) => {
    await ways[request.url.slice(1)]()
    response.end('done')
  }),
)
