'use strict'
// A client that listens is connected within a request; what it asks when it is told something is
// no work of that request. Another request makes one statement three times, with data in its text.
const http = require('node:http')
const { Client } = require('pg')
const { serve } = require('./serve.cjs')

const connectionString = process.env.DATABASE_URL
const clients = []
process.once('disconnect', () => Promise.all(clients.map(client => client.end())))

async function connected() {
  const client = new Client({ connectionString })
  clients.push(client)
  await client.connect()
  return client
}

const ways = {
  async '/listen'() {
    const listener = await connected()
    await listener.query('listen orders')
    const told = new Promise(resolve => {
      listener.on('notification', async () => resolve(await listener.query('select 1 as told')))
    })
    const sender = await connected()
    await sender.query("notify orders, 's3cr3t'")
    await told
  },
  async '/again'() {
    const client = await connected()
    for (const n of [1, 2, 3]) await client.query(`select ${n} as again`)
  },
}

serve(
  http.createServer(async (request, response) => {
    await ways[request.url]()
    response.end()
  }),
)
