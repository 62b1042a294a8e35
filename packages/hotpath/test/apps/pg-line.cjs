'use strict'
// `/own` asks three things at once on a connection of its own; `/other` asks on one that others use as well.
const http = require('node:http')
const { Client } = require('pg')
const { serve } = require('./serve.cjs')

const options = { connectionString: process.env.DATABASE_URL }
const shared = new Client(options)
process.once('disconnect', () => shared.end())

const sleep = (client, ms, name) => client.query(`select pg_sleep(${ms / 1000}) as ${name}`)

const signal = () => {
  let give
  const given = new Promise(resolve => (give = resolve))
  return { give, given }
}
// The second asks while the first is under way, however late its request comes.
const [secondIsHere, firstHasAsked] = [signal(), signal()]

const ways = {
  async '/own'() {
    const client = new Client(options)
    await client.connect()
    await Promise.all([sleep(client, 60, 'a'), sleep(client, 40, 'b'), sleep(client, 20, 'c')])
    await client.end()
  },
  async '/first'() {
    await secondIsHere.given
    const asked = sleep(shared, 80, 'first')
    firstHasAsked.give()
    await asked
  },
  async '/second'() {
    secondIsHere.give()
    await firstHasAsked.given
    await sleep(shared, 20, 'second')
  },
}

shared.connect().then(() =>
  serve(
    http.createServer(async (request, response) => {
      await ways[request.url]()
      response.end()
    }),
  ),
)
