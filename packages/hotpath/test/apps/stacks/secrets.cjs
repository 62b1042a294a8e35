'use strict'
/** Secrets where an app may have them, and nobody looks for them: each way makes spans, and plants some. */
const { once } = require('node:events')
const http = require('node:http')

const { AMQP_URL, MYSQL_URL, PG_URL, REDIS_PORT } = process.env
const SECRET = 'planted'
/** The same user and server, with more in it. */
const within = (url, more) => Object.assign(new URL(url), more).href
const swallowed = ask => ask.then(Error, error => error)

async function databases(ways, ends) {
  const pg = require('pg')
  const pool = new pg.Pool({ connectionString: PG_URL, application_name: SECRET, max: 3 })
  ends.push(() => pool.end())
  const one = pool => async texts => {
    const client = await pool.connect()
    client.on('notice', () => {})
    for (const text of texts) await swallowed(client.query(text))
    client.release()
  }
  ways['pg-texts'] = () =>
    one(pool)([
      `do $$ begin raise notice '${SECRET}'; end $$`,
      `do $${SECRET}$ begin raise exception '${SECRET}' using detail = '${SECRET}', hint = '${SECRET}'; end $${SECRET}$`,
      `set application_name = ${SECRET}`,
      `select set_config('app.user', '${SECRET}', false)`,
      `select 1 /* user='${SECRET}' */ -- ${SECRET}`,
      `listen ${SECRET}`,
      `notify ${SECRET}, '${SECRET}'`,
      `prepare ${SECRET} as select '${SECRET}'`,
      `execute ${SECRET}`,
      `deallocate ${SECRET}`,
      `copy (select '${SECRET}') to program 'cat ${SECRET}'`,
      `create user mapping for app server nobody options (user '${SECRET}', password '${SECRET}')`,
      `select '${SECRET}`,
    ])
  ways['pg-prepared'] = async n => {
    for (const text of ['select $1::text', 'select $1::int'])
      await swallowed(pool.query({ name: `${SECRET}-${n}-${text}`, text, values: [SECRET] }))
  }
  ways['pg-user'] = async () => {
    const url = within(PG_URL, { username: SECRET, password: SECRET })
    await swallowed(
      new pg.Client({ connectionString: `${url}?options=-c%20a.b=${SECRET}` }).connect(),
    )
    await pool.query('select 1')
  }
  const mysql = require('mysql2/promise')
  const mysqlPool = mysql.createPool({
    uri: MYSQL_URL,
    connectionLimit: 3,
    namedPlaceholders: true,
  })
  ends.push(() => mysqlPool.end())
  ways.mysql2 = async () => {
    await mysqlPool.query('select :name as a', { name: SECRET })
    await mysqlPool.execute('select :name as a', { name: SECRET })
    await mysqlPool.query('select ? as a', [{ [SECRET]: SECRET }]).catch(() => {})
    await mysqlPool.query(`select "${SECRET}" as a /*! , '${SECRET}' */ # ${SECRET}`)
    await swallowed(mysqlPool.query(`signal sqlstate '45000' set message_text = '${SECRET}'`))
    const own = mysql.createConnection(within(MYSQL_URL, { username: SECRET, password: SECRET }))
    await swallowed(own)
  }
  const sql = require('postgres')(PG_URL, {
    max: 3,
    onnotice: () => {},
    connection: { application_name: SECRET },
  })
  ends.push(() => sql.end())
  ways.postgres = async () => {
    await sql.notify(SECRET, SECRET)
    await swallowed(sql.unsafe(`do $$ begin raise exception '${SECRET}'; end $$`))
    await swallowed(sql`select ${SECRET}::int`)
  }
}

async function brokers(load, ways, ends) {
  const Redis = require('ioredis')
  const redis = new Redis(Number(REDIS_PORT), '127.0.0.1', { connectionName: SECRET })
  ends.push(() => redis.quit())
  ways.redis = async () => {
    await redis.multi().set(SECRET, SECRET).exec()
    await redis.pipeline().get(SECRET).call(SECRET, SECRET).exec()
    await redis.publish(SECRET, SECRET)
    await redis.eval(`return '${SECRET}'`, 1, SECRET)
    await swallowed(redis.eval(`return redis.error_reply('${SECRET} ${SECRET}')`, 0))
    await swallowed(redis.call('auth', SECRET, SECRET))
  }
  const amqp = load('amqplib')
  const connection = await amqp.connect(AMQP_URL)
  ends.push(() => connection.close())
  const channel = await connection.createChannel()
  // Each who asks gets a token of its own to be answered at.
  let answers
  await channel.consume('amq.rabbitmq.reply-to', message => answers.resolve(message), {
    noAck: true,
  })
  const asked = await channel.assertQueue('questions', { durable: false })
  await channel.consume(
    asked.queue,
    ({ properties: { replyTo } }) =>
      channel.sendToQueue(`${replyTo}`, Buffer.from(SECRET), { headers: { [SECRET]: SECRET } }),
    { noAck: true },
  )
  let line = Promise.resolve()
  ways.amqp = () => {
    line = line.then(async () => {
      const answered = new Promise(resolve => {
        answers = { resolve }
      })
      const [appId, type] = [SECRET, SECRET]
      const options = { replyTo: 'amq.rabbitmq.reply-to', correlationId: SECRET, appId, type }
      channel.sendToQueue('questions', Buffer.from(SECRET), options)
      await answered
    })
    return line
  }
}

async function calls(load, ways, ends) {
  const upstream = http.createServer((_request, response) => {
    response.writeHead(302, SECRET, { location: `/${SECRET}?${SECRET}`, 'set-cookie': SECRET })
    response.end(SECRET)
  })
  await new Promise(resolve => upstream.listen(0, '127.0.0.1', resolve))
  ends.push(() => upstream.close())
  const { port } = upstream.address()
  const call = async options => {
    const headers = { authorization: SECRET, cookie: SECRET, baggage: SECRET, tracestate: SECRET }
    const request = http.request({ host: '127.0.0.1', port, headers, ...options })
    const [answer] = await once(request.end(), 'response')
    for await (const _ of answer.resume());
  }
  ways.http = async () => {
    await call({ path: '/a', auth: `${SECRET}:${SECRET}` })
    // As a proxy is asked.
    await call({ path: `http://${SECRET}:${SECRET}@shop.example/a?${SECRET}` })
    await call({ path: `/a;token=${SECRET}/b#${SECRET}` })
    await swallowed(call({ method: SECRET, path: '/a' }))
    await fetch(`http://127.0.0.1:${port}/a?${SECRET}#${SECRET}`, {
      redirect: 'manual',
      headers: { authorization: SECRET },
    }).then(answer => answer.text())
  }
  const failure = Object.assign(new Error(SECRET, { cause: { code: SECRET } }), {
    code: SECRET,
    name: SECRET,
  })
  ways['own-errors'] = async () => {
    const request = http.get({ host: '127.0.0.1', port, path: '/a' })
    request.destroy(failure)
    await once(request, 'error')
    const abort = new AbortController()
    const fetched = fetch(`http://127.0.0.1:${port}/a`, { signal: abort.signal })
    abort.abort(new AggregateError([failure], SECRET, { cause: failure }))
    await swallowed(fetched)
  }
  const { buildSchema, graphql } = load('graphql')
  const schema = buildSchema('type Query { fails(of: String): Int }')
  schema.getQueryType().getFields().fails.resolve = () => Promise.reject(failure)
  ways.fields = () =>
    graphql({
      schema,
      source: `query ${SECRET} { ${SECRET}: fails(of: "${SECRET}") ...${SECRET} } fragment ${SECRET} on Query { fails }`,
    })
}

module.exports = async load => {
  const ways = {}
  const ends = []
  await databases(ways, ends)
  await brokers(load, ways, ends)
  await calls(load, ways, ends)
  return {
    ways,
    async end() {
      for (const end of ends) await end()
    },
  }
}
