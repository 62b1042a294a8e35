'use strict'
/** An app with the troubles that pools have; each path makes one. */
const http = require('node:http')
const { Client, Pool } = require('pg')
const { serve } = require('../serve.cjs')

const connectionString = process.env.DATABASE_URL
const pool = new Pool({ connectionString, max: 10 })
const one = new Pool({ connectionString, max: 1 })
const kept = []

/** Begins to connect when it is told: as one that fetches a token first. */
let begin
class SlowClient extends Client {
  connect(callback) {
    begin = () => super.connect(callback)
  }
}
const slow = new Pool({
  connectionString,
  max: 1,
  connectionTimeoutMillis: 100,
  Client: SlowClient,
})
const hooked = new Pool({
  connectionString,
  max: 1,
  // Long enough to connect on a busy machine: what hangs is the hook.
  connectionTimeoutMillis: 2000,
  application_name: 'hooked',
  onConnect: () => new Promise(() => {}),
})

/** Of an app that has put something of its own around `query`, which is only ever given texts. */
const wrapped = new Pool({ connectionString, max: 1 })
wrapped.on('connect', client => {
  const { query } = client
  client.query = async function (text, ...rest) {
    if (!text.trim()) throw new Error('no text')
    return query.call(this, text, ...rest)
  }
})

let borrowed = 0
const seldom = () => pool.connect()
const oftenForgotten = () => pool.connect()

const reason = promise =>
  promise.then(
    () => 'none',
    error => `${error.code}: ${error.message}`,
  )

const paths = {
  async '/leak'() {
    kept.push(await pool.connect())
  },
  /** Leaks the seventh connection, which is not looked at, and the ninth. */
  async '/sometimes'() {
    borrowed++
    if (borrowed === 7) kept.push(await seldom())
    else if (borrowed === 9) kept.push(await oftenForgotten())
    else (await pool.connect()).release()
  },
  async '/give-back'() {
    for (const client of kept.splice(0)) client.release()
  },
  async '/in-time'() {
    const client = await pool.connect()
    await client.query('select 1')
    client.release()
  },
  /** A second caller has the connection at once when the first gives it back. */
  async '/wrapped'() {
    const client = await wrapped.connect()
    await client.query('select 1')
    const next = wrapped.connect()
    client.release()
    const again = await next
    await again.query('select 2')
    again.release()
  },
  async '/long-statement'() {
    await pool.query('select pg_sleep(1.2)')
  },
  async '/queue'() {
    const client = await one.connect()
    const waiting = [one.connect(), one.query('select 1 as n')]
    const refusals = [
      await reason(one.connect()),
      await reason(one.query('select 1')),
      await new Promise(resolve => {
        one.connect((error, client, release) =>
          resolve(`${error.code} ${client} ${typeof release}`),
        )
      }),
    ]
    client.release()
    ;(await waiting[0]).release()
    return [...refusals, (await waiting[1]).rows]
  },
  async '/late'() {
    const [told, again] = [await reason(slow.query('select 1')), reason(slow.query('select 1'))]
    const answer = [told, await again, slow.totalCount]
    begin()
    return answer
  },
  async '/hangs'() {
    const told = await reason(hooked.query('select 1'))
    return [told, hooked.totalCount]
  },
  async '/backend'() {
    const { rows } = await one.query('select pg_backend_pid() as pid')
    return rows[0].pid
  },
}

serve(
  http.createServer(async (request, response) => {
    const answer = await paths[request.url]()
    response.end(JSON.stringify(answer ?? null))
  }),
)
process.once('disconnect', () => {
  for (const client of kept) client.release()
  for (const open of [pool, one, slow, hooked, wrapped]) void open.end()
})
