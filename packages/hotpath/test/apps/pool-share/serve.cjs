'use strict'
/** A client for each request: `/?option=value` are its options, `q` is its statement, `subclass` its class. */
const http = require('node:http')
const { Client } = require('pg')
const { serve } = require('../serve.cjs')

class OwnClient extends Client {}

const { hostname: host, port, username: user } = new URL(process.env.DATABASE_URL)

serve(
  http.createServer(async (request, response) => {
    const { q, subclass, ...more } = Object.fromEntries(
      new URL(request.url, 'http://app').searchParams,
    )
    const Class = subclass ? OwnClient : Client
    const client = new Class({ host, port: Number(port), user, database: 'postgres', ...more })
    let answer
    try {
      await client.connect()
      answer = (await client.query(q)).rows
    } catch (error) {
      answer = `${error.code}: ${error.message}`
    } finally {
      await client.end()
    }
    response.end(JSON.stringify(answer))
  }),
)
