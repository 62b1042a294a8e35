'use strict'
/**
 * Prints what an app sees of its libraries: results, errors, names and lengths of functions, what is thrown
 * and where. It runs with and without the recorder, and must say the same.
 */
const { createRequire } = require('node:module')

const load = createRequire(process.env.STACKS)
const said = []
const plain = value =>
  value === undefined
    ? 'undefined'
    : JSON.stringify(value, (_, one) =>
        typeof one === 'function'
          ? `${one.name}/${one.length}`
          : typeof one === 'bigint'
            ? `${one}n`
            : one,
      )
const say = (what, value) => said.push(`${what}: ${plain(value)}`)
const fails = async (what, ask) => {
  try {
    say(what, await ask())
  } catch (error) {
    const { name, message, code, errno, sqlState } = error
    say(what, { name, message, code, errno, sqlState, own: Object.keys(error).sort() })
  }
}
/** Own and inherited methods of a prototype, as they are called. */
const methods = (what, prototype, names) =>
  say(
    what,
    names.map(name => {
      const method = prototype[name]
      const { enumerable, writable } = Object.getOwnPropertyDescriptor(prototype, name) ?? {}
      return [method?.name, method?.length, enumerable, writable]
    }),
  )
/** A file of a library that is loaded, whatever its package exports. */
const inside = suffix => require(Object.keys(require.cache).find(file => file.endsWith(suffix)))
const called = ask => new Promise(resolve => ask((...args) => resolve(args)))

async function mysql2() {
  const mysql = require('mysql2')
  const pool = mysql.createPool({ uri: process.env.MYSQL_URL, connectionLimit: 2 })
  const promised = pool.promise()
  const Connection = inside('/mysql2/lib/base/connection.js')
  methods('mysql2', Connection.prototype, ['query', 'addCommand', 'connect', '_notifyError'])
  methods('mysql2 pool', inside('/mysql2/lib/base/pool.js').prototype, [
    'query',
    'execute',
    'getConnection',
  ])
  const [rows, fields] = await promised.query('select ? as a, ? as b', [1, 'x'])
  say('rows', rows)
  say(
    'fields',
    fields.map(field => field.name),
  )
  say('execute', (await promised.execute({ sql: 'select ? as a', rowsAsArray: true }, [2]))[0])
  say(
    'named',
    (await promised.query({ sql: 'select :a as a', namedPlaceholders: true }, { a: 3 }))[0],
  )
  say(
    'several',
    (
      await called(done => {
        const own = mysql.createConnection({ uri: process.env.MYSQL_URL, multipleStatements: true })
        own.query('select 1 as a; select 2 as b', (...args) => {
          own.end()
          done(...args)
        })
      })
    ).slice(0, 2),
  )
  await fails('no table', () => promised.query('select * from nothing'))
  await fails('no table, prepared', () => promised.execute('select * from nothing'))
  await fails('undefined', () => promised.execute('select ?', [undefined]))
  const query = pool.query('select 1 as a', function () {})
  say('a query is no promise', [query.constructor.name, Object.keys(query).length])
  // oxlint-disable-next-line promise/valid-params -- mysql2 has no such arguments
  await fails('its then', () => query.then(() => {}))
  say('callback', await called(done => pool.query('select 5 as a', (e, rows) => done(e, rows))))
  say(
    'arguments',
    await called(done =>
      pool.query('select 5 as a', function () {
        done(arguments.length, this === undefined || this === globalThis)
      }),
    ),
  )
  const events = []
  await new Promise(resolve => {
    pool
      .query('select 1 as a union select 2')
      .on('fields', fields => events.push(['fields', fields.length]))
      .on('result', row => events.push(['result', row]))
      .on('error', error => events.push(['error', error.code]))
      .on('end', resolve)
  })
  await new Promise(resolve => {
    pool
      .query('select * from nothing')
      .on('error', error => events.push(['error', error.code]))
      .on('end', resolve)
  })
  say('events', events)
  await promised.end()
  await fails('closed', () => promised.query('select 1'))
  await fails('refused', () =>
    mysql.createPool({ port: 1, host: '127.0.0.1' }).promise().query('select 1'),
  )
}

async function postgres() {
  const sql = require('postgres')(process.env.PG_URL, { max: 2, onnotice: () => {} })
  const { Query } = inside('/postgres/cjs/src/query.js')
  methods('postgres', Query.prototype, ['handle', 'then', 'execute', 'cursor'])
  const query = sql`select ${1}::int as a`
  say('lazy', [query.state, query.active, query.executed, String(query)])
  say('its keys', [Object.keys(query), { ...query }.active])
  const rows = await query
  const { state, ...others } = query
  say('its keys, sent', [Object.keys(state), Object.keys(others), query.active])
  say('rows', [rows, rows.count, rows.command, rows.columns.map(({ name }) => name)])
  say('again', (await query).length)
  say('simple', await sql.unsafe('select 1 as a; select 2 as b'))
  say('fragment', await sql`select * from ${sql`generate_series(1, ${3}::int) as n`}`)
  say('values', await sql`select 1 as a`.values())
  say(
    'cursor',
    await sql`select generate_series(1, 5) as n`.cursor(2, rows => void say('some', rows)),
  )
  for await (const rows of sql`select generate_series(1, 5) as n`.cursor(2)) {
    say('step', rows)
    if (rows.length > 1) break
  }
  await fails('no table', () => sql`select * from nothing`)
  await fails('transaction', () =>
    sql.begin(async own => {
      await own`select 1`
      throw new TypeError('of the app')
    }),
  )
  await fails('undefined', () => sql`select ${undefined}`)
  await sql.end()
  await fails('closed', () => sql`select 1`)
}

async function redis() {
  const port = Number(process.env.REDIS_PORT)
  const Redis = require('ioredis')
  methods('ioredis', Redis.prototype, ['sendCommand'])
  const client = new Redis(port, '127.0.0.1')
  say('set', [
    await client.set('a', 1),
    await client.get('a'),
    await called(done => client.get('a', done)),
  ])
  say('pipeline', await client.pipeline().get('a').incr('a').exec())
  say('multi', await client.multi().get('a').exec())
  await fails('wrong', () => client.call('get'))
  const own = client.pipeline().call('get')
  say(
    'wrong in a pipeline',
    (await own.exec()).map(([error]) => error.message),
  )
  await client.quit()
  await fails('closed', () => client.get('a'))
  const { createClient } = require('redis')
  methods('redis', inside('/@redis/client/dist/lib/client/commands-queue.js').default.prototype, [
    'addCommand',
  ])
  const other = createClient({ socket: { port, host: '127.0.0.1' } })
  await other.connect()
  say('get', await other.get('a'))
  say('multi', await other.multi().get('a').incr('a').exec())
  await fails('wrong', () => other.sendCommand(['GET']))
  await other.close()
  await fails('closed', () => other.get('a'))
}

async function graphql() {
  const { buildSchema, execute, executeSync, graphql } = load('graphql')
  say('graphql', [execute, executeSync])
  const schema = buildSchema('type Query { a(x: Int): Int  b: Int  c: Int  d: [Int] }')
  const fields = schema.getType('Query').getFields()
  fields.a.resolve = function resolveA(source, { x }, context, info) {
    return x + context.n + info.path.key.length + arguments.length
  }
  fields.b.resolve = async () => Promise.reject(new RangeError('b'))
  fields.c.resolve = () => {
    throw new RangeError('c')
  }
  const ask = source => graphql({ schema, source, contextValue: { n: 1 } })
  say('answer', await ask('{ a(x: 1) b c d }'))
  say('resolver', fields.a.resolve)
}

/** What nobody handles is told once, as without us. */
async function unhandled() {
  const told = []
  const listener = error => told.push(error.message)
  process.on('unhandledRejection', listener)
  const { createClient } = require('redis')
  const client = createClient({
    socket: { port: Number(process.env.REDIS_PORT), host: '127.0.0.1' },
  })
  await client.connect()
  const Redis = require('ioredis')
  const other = new Redis(Number(process.env.REDIS_PORT), '127.0.0.1')
  void client.sendCommand(['GET'])
  void other.call('get')
  const connection = await load('amqplib').connect(process.env.AMQP_URL)
  const channel = await connection.createChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true })
  const taken = new Promise(resolve => {
    const consumer = async ({ content }) => {
      resolve()
      throw Error(`of a consumer: ${content}`)
    }
    void channel.consume(queue, consumer, { noAck: true })
  })
  channel.sendToQueue(queue, Buffer.from('1'))
  await taken
  await client.ping()
  await other.ping()
  await new Promise(resolve => setImmediate(resolve))
  process.off('unhandledRejection', listener)
  // Three connections: which answers first is chance.
  say('unhandled', told.sort())
  await client.close()
  await other.quit()
  await connection.close()
}

void (async () => {
  const { ioredis, ioredis5, nodeRedis } = require('./same-redis.cjs')
  const { amqplib, calls } = require('./same-calls.cjs')
  const pg = require('./same-pg.cjs')
  const others = { pg, ioredis, ioredis5, nodeRedis, amqplib, calls }
  const parts = { mysql2, postgres, redis, ...others, graphql, unhandled }
  for (const [name, part] of Object.entries(parts)) {
    say('part', name)
    await part({ say, fails, called, load })
  }
  process.stdout.write(`${said.join('\n')}\n`)
})()
