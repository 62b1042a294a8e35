// Every way to make a statement with pg, one after another, telling what came of it. Run with and
// without the recorder, the output must be the same.
const { AsyncLocalStorage } = require('node:async_hooks')
const { Client, Pool, Query } = require('pg')
const Cursor = require('pg-cursor')
const QueryStream = require('pg-query-stream')

const mine = new AsyncLocalStorage()
const connectionString = process.env.DATABASE_URL
const say = (what, value) => console.log(what, JSON.stringify(value))

function outcome(promise) {
  return promise.then(
    result => ({ rows: Array.isArray(result) ? result.map(one => one.rows) : result.rows }),
    error => ({ error: error.message, code: error.code, own: Object.keys(error).length }),
  )
}

const withCallback = start =>
  new Promise(resolve =>
    start((error, result) => resolve({ error: error?.message, rows: result?.rows })),
  )

function throwing(fn) {
  try {
    return { returned: typeof fn() }
  } catch (error) {
    return { thrown: error.constructor.name, message: error.message }
  }
}

async function forms(name, target) {
  say(`${name} text`, await outcome(target.query('select 1 as a')))
  say(`${name} text, values`, await outcome(target.query('select $1::int as a', [2])))
  say(`${name} config`, await outcome(target.query({ text: 'select $1::int as a', values: [3] })))
  say(
    `${name} config, values`,
    await outcome(target.query({ text: 'select $1::text as a' }, ['x'])),
  )
  say(`${name} rowMode`, await outcome(target.query({ text: 'select 1, 2', rowMode: 'array' })))
  for (const value of [1, 2]) {
    say(
      `${name} named`,
      await outcome(target.query({ name: 'n', text: 'select $1::int as a', values: [value] })),
    )
  }
  say(`${name} several`, await outcome(target.query('select 1 as a; select 2 as b')))
  say(`${name} empty`, await outcome(target.query('')))
  say(`${name} wrong`, await outcome(target.query('select nothing from nowhere')))
  say(`${name} duplicate`, await outcome(target.query('insert into forms values (1), (1)')))
  say(`${name} no text`, await outcome(target.query({})))
  say(`${name} callback`, await withCallback(done => target.query('select 4 as a', done)))
  say(
    `${name} values, callback`,
    await withCallback(done => target.query('select $1::int as a', [5], done)),
  )
  say(
    `${name} config, callback`,
    await withCallback(done => target.query({ text: 'select 6 as a' }, done)),
  )
  say(`${name} callback, wrong`, await withCallback(done => target.query('select nope', done)))
  say(`${name} returns with callback`, typeof target.query('select 1', () => {}))
  say(`${name} promise of`, target.query('select 1').constructor === Promise)
  await new Promise(resolve =>
    mine.run(`of ${name}`, () =>
      target.query('select 7 as a', () => resolve(say(`${name} context`, mine.getStore()))),
    ),
  )
  await mine.run(`of ${name}`, async () => {
    await target.query('select 8')
    say(`${name} context after await`, mine.getStore())
  })
  const several = [1, 2, 3].map(n => target.query('select $1::int as a', [n]))
  say(`${name} at once`, await Promise.all(several.map(outcome)))
  say(
    `${name} null`,
    throwing(() => name === 'client' && target.query(null)),
  )
  say(
    `${name} not a callback`,
    throwing(() => name === 'client' && target.query({ text: 'select 1', callback: 5 })),
  )
}

async function submittables(client) {
  const events = []
  const query = new Query('select generate_series(1, 3) as a')
  query.on('row', row => events.push(row))
  await new Promise(resolve => {
    query.on('end', result => resolve(events.push(result.rowCount)))
    say('query returns itself', client.query(query) === query)
  })
  say('query events', events)
  say('query keys', Object.keys(query).sort())
  const failing = new Query('select nope')
  say(
    'query error',
    await new Promise(resolve =>
      client.query(failing).on('error', error => resolve(error.message)),
    ),
  )
  say('query callback', await withCallback(done => client.query(new Query('select 1 as a'), done)))
  const cursor = client.query(new Cursor('select generate_series(1, $1::int) as a', [5]))
  say('cursor', [await cursor.read(2), await cursor.read(2), await cursor.read(9)])
  await cursor.close()
  const early = client.query(new Cursor('select generate_series(1, 1000) as a'))
  say('cursor closed early', [(await early.read(1)).length, await early.close()])
  const wrong = client.query(new Cursor('select nope'))
  say('cursor error', await wrong.read(1).catch(error => error.message))
  const rows = []
  for await (const row of client.query(
    new QueryStream('select generate_series(1, 250) as a', [], { batchSize: 100 }),
  ))
    rows.push(row.a)
  say('stream', rows.length)
}

async function pools() {
  const pool = new Pool({ connectionString, max: 2 })
  pool.on('error', error => say('pool error', error.message))
  await forms('pool', pool)
  say(
    'pool connect callback',
    await new Promise(resolve =>
      pool.connect((error, client, release) => {
        client.query('select 9 as a', (_, result) => {
          release()
          resolve(result.rows)
        })
      }),
    ),
  )
  const client = await pool.connect()
  say('release twice', [throwing(() => client.release()), throwing(() => client.release())])
  say('counts', [pool.totalCount, pool.waitingCount])
  await pool.end()
  say('after end', await outcome(pool.query('select 1')))
  const full = new Pool({ connectionString, max: 1, connectionTimeoutMillis: 100 })
  const held = await full.connect()
  say('timed out', [await outcome(full.query('select 1')), await outcome(full.connect())])
  held.release()
  await full.end()
  const slow = new Pool({ connectionString, query_timeout: 100 })
  say('read timeout', await outcome(slow.query('select pg_sleep(0.5)')))
  await slow.end()
}

async function main() {
  const client = new Client({ connectionString })
  say('connect', (await client.connect()) === client)
  say('connect twice', await client.connect().catch(error => error.message))
  await client.query('create temp table forms (id int primary key)')
  await forms('client', client)
  await submittables(client)
  await client.end()
  say('closed', await outcome(client.query('select 1')))
  say('closed callback', await withCallback(done => client.query('select 1', done)))
  const nobody = new Client({ host: '127.0.0.1', port: 1 })
  say('refused', await nobody.connect().catch(error => error.code))
  await pools()
  say('names', [
    Client.prototype.query.name,
    Client.prototype.query.length,
    Pool.prototype.connect.length,
    Object.keys(Client.prototype),
  ])
}

const scenario = process.argv[2]
if (scenario === 'rejection') {
  new Client({ connectionString }).connect().then(client => client.query('select nope'))
} else if (scenario === 'callback throws') {
  const pool = new Pool({ connectionString })
  pool.query('select 1', () => {
    throw new Error('of the app')
  })
} else {
  process.on('unhandledRejection', reason => say('unhandled', reason.message))
  main()
}
