'use strict'
/** A connection for each request: `/?option=value` are its options, `q` is its statement. */
const { once } = require('node:events')
const http = require('node:http')
const mysql = require('mysql2/promise')
const { serve } = require('../serve.cjs')

const { hostname: host, port, username: user } = new URL(process.env.DATABASE_URL)

async function answer({ q, tls, own, ...more }) {
  const options = { host, port: Number(port), user, database: 'app', ...more }
  if (tls) options.ssl = { rejectUnauthorized: false }
  if (own) options.stream = () => require('node:net').connect(Number(port), host)
  const connection = await mysql.createConnection(options)
  try {
    return (await connection.query(q))[0]
  } finally {
    // Its session has ended as well: the next request finds it.
    await Promise.all([once(connection, 'end'), connection.end()])
  }
}

serve(
  http.createServer(async (request, response) => {
    const asked = Object.fromEntries(new URL(request.url, 'http://app').searchParams)
    const given = await answer(asked).catch(error => `${error.code}: ${error.message}`)
    response.end(JSON.stringify(given))
  }),
)
