'use strict'
/** What pg-forms.cjs does not ask for: the order of events, forms that are wrong, connections that end. */
module.exports = async function pg({ say, fails, called }) {
  const { Client, Pool, Query } = require('pg')
  const QueryStream = require('pg-query-stream')
  const connectionString = process.env.PG_URL
  const order = []
  /** Of each connection by itself: which of two is first is chance. */
  const noted = (emitter, names, told = order) => {
    for (const name of names)
      emitter.on(name, (...args) => told.push([name, args.length, args[0]?.message]))
    return told
  }
  const pool = new Pool({ connectionString, max: 1 })
  noted(pool, ['connect', 'acquire', 'release', 'remove', 'error'])
  const client = await pool.connect()
  const waits = pool.query('select 1 as waits').then(() => order.push('waited'))
  noted(client, ['drain', 'error', 'end', 'notice', 'notification'])
  const query = new Query('select generate_series(1, 2) as a')
  noted(query, ['row', 'end', 'error'])
  void client.query(query)
  await client.query('select 1').then(() => order.push('then'))
  await client.query("do $$ begin raise notice 'of the app'; end $$")
  await client.query('listen a; notify a')
  client.release()
  await waits
  say('pg order', order.splice(0))
  const [, answer] = await called(done => pool.query('select $1::text as a', ['x'], done))
  say('pg callback', answer.rows)
  say(
    'pg this',
    await new Promise(resolve => {
      pool.query('select 1', function () {
        resolve([this === undefined || this === globalThis, arguments.length])
      })
    }),
  )
  say(
    'pg connect',
    await new Promise(resolve => {
      const own = new Client(connectionString)
      const returned = own.connect(function (error) {
        resolve([typeof returned, arguments.length, error, this === own])
        void own.end()
      })
    }),
  )
  say(
    'pg pool connect',
    await new Promise(resolve => {
      const returned = pool.connect(function (error, client, release) {
        release()
        resolve([typeof returned, arguments.length, release.length, error])
      })
    }),
  )
  const one = new Client(connectionString)
  await one.connect()
  const [, own] = await called(callback => one.query({ text: 'select 1 as a', callback }))
  say('pg callback of a config', own.rows)
  await fails('pg values', () => one.query('select $1', 'no list'))
  const failures = []
  const submittable = Object.freeze({
    submit: () => Error('refused'),
    handleError: (...args) => failures.push([args[0].message, args.length]),
    handleReadyForQuery() {},
  })
  say('pg submittable', one.query(submittable) === submittable)
  await one.query('select 1')
  say('pg submittable, refused', failures)
  const named = { text: 'select $1::text as a', values: ['x'], types: undefined, own: 1 }
  await one.query(named)
  say('pg config', [Object.getOwnPropertyNames(named), Object.getOwnPropertySymbols(named).length])
  const stream = one.query(new QueryStream('select generate_series(1, 1000) as a'))
  const ofStream = noted(stream, ['end', 'close', 'error'], [])
  for await (const { a } of stream) if (a === 3) break
  say('pg stream', [ofStream, (await one.query('select 1 as a')).rows])
  const broken = one.query(new QueryStream('select 1/(3 - generate_series(1, 5)) as a'))
  const ofBroken = noted(broken, ['end', 'close', 'error'], [])
  await fails('pg stream fails', async () => {
    for await (const _ of broken);
  })
  say('pg stream, order', ofBroken)
  one.on('error', () => {})
  const { rows } = await one.query('select pg_backend_pid() as pid')
  const lost = fails('pg lost', () => one.query('select pg_sleep(100)'))
  await pool.query('select pg_terminate_backend($1)', [rows[0].pid])
  await lost
  await pool.end()
}
