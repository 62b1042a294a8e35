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

/** What pg-forms.cjs does not ask for: the order of events, forms that are wrong, connections that end. */
async function pg() {
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
  const ofLost = noted(one, ['error', 'end'], [])
  const { rows } = await one.query('select pg_backend_pid() as pid')
  const lost = ['sent', 'in line'].map(text =>
    fails(`pg lost, ${text}`, () => one.query(`select pg_sleep(100) as "${text}"`)),
  )
  await pool.query('select pg_terminate_backend($1)', [rows[0].pid])
  await Promise.all(lost)
  say('pg lost', ofLost)
  await pool.end()
}

const ioredis = () => ioredisOf(require)
const ioredis5 = () => ioredisOf(load)

async function ioredisOf(load) {
  const Redis = load('ioredis')
  const options = { port: Number(process.env.REDIS_PORT), host: '127.0.0.1', lazyConnect: true }
  const client = new Redis(options)
  const order = []
  for (const name of ['connect', 'ready', 'close', 'end', 'error', 'wait'])
    client.on(name, (...args) => order.push([name, args.length]))
  say('not connected', client.status)
  await client.connect()
  client.defineCommand('twice', { numberOfKeys: 1, lua: 'return {KEYS[1], ARGV[1]}' })
  say('script', [await client.twice('k', 'a'), await client.twice('k', 'b')])
  await fails('script fails', () => client.eval("return redis.error_reply('MINE of the app')", 0))
  await fails('wrong type', async () => client.set('text', 1).then(() => client.lpush('text', 1)))
  const command = new Redis.Command('get', ['text'], { replyEncoding: 'utf8' })
  say('command', [client.sendCommand(command) === command.promise, await command.promise])
  say('its keys', Object.keys(command).sort())
  say('pipeline', await called(done => client.pipeline().get('text').exec(done)))
  const queued = client.multi({ pipeline: false })
  say('multi', [await client.get('text'), await client.exec(), typeof queued])
  await fails('exec alone', () => client.exec())
  const answered = []
  await Promise.all([
    client.get('text', () => answered.push('callback')),
    client.get('text').then(() => answered.push('then')),
    client.get('text', (_, value) => answered.push(['callback', value])),
  ])
  say('answered', answered)
  const auto = new Redis({ ...options, enableAutoPipelining: true })
  say('automatic', await Promise.all([auto.get('text'), auto.incr('text'), auto.get('text')]))
  await fails('automatic fails', () => auto.lpush('text', 1))
  auto.disconnect()
  const hasty = new Redis({ ...options, commandTimeout: 20 })
  await fails('timed out', () => hasty.blpop('nothing', 1))
  hasty.disconnect()
  const listener = new Redis(options)
  const heard = new Promise(resolve => listener.once('message', (...args) => resolve(args)))
  say('subscribed', await listener.subscribe('news'))
  await fails('while subscribed', () => listener.get('text'))
  await client.publish('news', 'x')
  say('heard', await heard)
  listener.disconnect()
  const left = fails('left', () => client.blpop('nothing', 0))
  client.disconnect()
  await left
  await new Promise(resolve => setImmediate(resolve))
  say('order', order)
  const nobody = new Redis({ ...options, port: 1, retryStrategy: null, maxRetriesPerRequest: 0 })
  nobody.on('error', error => say('nobody', error.code))
  await fails('nobody', () => nobody.get('text'))
}

async function nodeRedis() {
  const { createClient } = require('redis')
  const socket = {
    port: Number(process.env.REDIS_PORT),
    host: '127.0.0.1',
    reconnectStrategy: false,
  }
  const client = createClient({ socket })
  const order = []
  for (const name of ['connect', 'ready', 'end', 'error', 'reconnecting'])
    client.on(name, (...args) => order.push([name, args.length]))
  say('connected', (await client.connect()) === client)
  await Promise.all([
    client.set('text', 'a').then(() => order.push('set')),
    client.get('text').then(() => order.push('get')),
    client
      .get('text')
      .then(() => new Promise(process.nextTick))
      .then(() => order.push('tick')),
    client.ping().then(() => order.push('ping')),
  ])
  await fails('several fail', () => client.multi().lPush('text', 'a').get('text').exec())
  await fails('aborted', () => client.withAbortSignal(AbortSignal.abort()).get('text'))
  const keys = []
  for await (const some of client.scanIterator({ MATCH: 'tex*' })) keys.push(...some)
  say('scanned', keys)
  const listener = client.duplicate()
  await listener.connect()
  const heard = new Promise(resolve => void listener.subscribe('news', (...args) => resolve(args)))
  await fails('while subscribed', () => listener.get('text'))
  while ((await client.publish('news', 'x')) === 0);
  say('heard', await heard)
  listener.destroy()
  const left = fails('left', () => client.blPop('nothing', 0))
  client.destroy()
  await left
  say('order', order)
}

/** The consumer of a message: what it returns is nobody's affair, and is not touched. */
async function amqplib() {
  const amqp = load('amqplib')
  const connection = await amqp.connect(process.env.AMQP_URL)
  const channel = await connection.createConfirmChannel()
  const order = []
  for (const name of ['return', 'drain', 'close', 'error'])
    channel.on(name, (...args) => order.push([name, args.length, args[0]?.message]))
  const { queue } = await channel.assertQueue('', { exclusive: true })
  const taken = []
  let more
  const until = () => new Promise(resolve => (more = resolve))
  let asked = 0
  const lazy = {
    then() {
      asked++
    },
  }
  const own = function (message) {
    taken.push([message.content.toString(), arguments.length, message.properties.type])
    more()
    return lazy
  }
  const consumer = await channel.consume(queue, own, { noAck: true, consumerTag: 'mine' })
  say('consumer', consumer)
  const options = Object.freeze({ type: 'x', headers: Object.freeze({ a: 1, b: [2] }) })
  let came = until()
  say('published', [
    channel.publish('', queue, Buffer.from('1'), options),
    await called(done => channel.publish('', queue, Buffer.from('2'), options, done)),
  ])
  await came
  await channel.waitForConfirms()
  say('options', options)
  say('taken', [taken, asked])
  await channel.cancel('mine')
  const acknowledging = message => {
    channel.ack(message)
    more(message.properties.headers)
    return lazy
  }
  await channel.consume(queue, acknowledging, { consumerTag: 'other' })
  came = until()
  channel.sendToQueue(queue, Buffer.from('3'), options)
  const { traceparent: _, ...headers } = await came
  say('acknowledged', [headers, asked, await channel.cancel('other')])
  say('nowhere', channel.publish('', 'nowhere', Buffer.from('4'), { mandatory: true }))
  await channel.waitForConfirms()
  await fails('no content', () => channel.publish('', queue, 'text'))
  await fails('bad header', () => channel.publish('', queue, Buffer.from(''), { headers: 'text' }))
  await fails('no such queue', () => channel.checkQueue('nowhere'))
  await new Promise(resolve => setImmediate(resolve))
  await fails('closed', () => channel.sendToQueue(queue, Buffer.from('5')))
  say('order', order)
  await connection.close()
}

/** Calls out: their headers have one more, and nothing else is another. */
async function calls() {
  const http = require('node:http')
  const server = http.createServer((request, response) => {
    const { traceparent: _, ...headers } = request.headers
    delete headers.host
    if (request.url === '/cut') return void response.writeHead(200).destroy()
    if (request.url === '/away') response.writeHead(302, { location: '/there' })
    response.end(JSON.stringify([request.method, request.url, headers]))
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const at = `http://127.0.0.1:${server.address().port}`
  const init = Object.freeze({ headers: Object.freeze({ own: '1' }) })
  const answer = await fetch(`${at}/a?b=c`, init)
  say('fetch', [answer.status, await answer.json(), answer.redirected])
  say('redirected', await fetch(`${at}/away`).then(answer => answer.json()))
  await fails('fetch, cut', () => fetch(`${at}/cut`).then(answer => answer.text()))
  await fails('fetch, refused', () => fetch('http://127.0.0.1:1/'))
  await fails('fetch, aborted', () => fetch(at, { signal: AbortSignal.abort(new Error('mine')) }))
  await fails('fetch, no address', () => fetch('http://'))
  const events = []
  const call = options =>
    new Promise(resolve => {
      const request = http.request(at, options)
      for (const name of ['socket', 'finish', 'response', 'error', 'close', 'abort'])
        request.on(name, (...args) => {
          events.push([name, args.length, args[0]?.code])
          if (name === 'response') {
            for (const own of ['end', 'close', 'aborted', 'error'])
              args[0].on(own, (...all) => events.push(['of answer', own, all.length]))
            args[0].resume()
          }
          if (name === 'close') resolve()
        })
      request.end()
    })
  await call({ path: '/a', agent: false })
  await call({ path: '/cut', agent: false })
  await call({ port: 1 })
  say('http', events)
  await fails('http, bad header', async () => http.request(at, { headers: { own: 'a\nb' } }))
  await fails('http, bad path', async () => http.get({ path: '/a b' }))
  server.close()
  server.closeAllConnections()
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
  for (const part of [
    mysql2,
    postgres,
    pg,
    redis,
    nodeRedis,
    ioredis,
    ioredis5,
    amqplib,
    calls,
    graphql,
    unhandled,
  ]) {
    say('part', part.name)
    await part()
  }
  process.stdout.write(`${said.join('\n')}\n`)
})()
