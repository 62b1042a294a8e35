'use strict'
/** The measured app: pages of 1,000 users in the ways in which people write them. */
const http = require('node:http')
const { Client, Pool } = require('pg')

const url = new URL(process.env.DATABASE_URL)
// While one page is measured the process of another stands idle for longer than the 10 seconds after
// which the pool would close its connections: whoever comes next would pay for a new one.
const pool = new Pool({ connectionString: url.href, max: 10, idleTimeoutMillis: 0 })
const options = {
  host: url.hostname,
  port: Number(url.port),
  user: 'postgres',
  database: 'postgres',
}

const ADDRESS = 'select city, street from addresses where user_id = $1'
const ADDRESSES = 'select user_id, city, street from addresses where user_id = any($1)'
const rows = async (text, values) => (await pool.query(text, values)).rows
const users = () => rows('select id, name from users order by id limit 1000')

const someId = () => 1 + Math.floor(Math.random() * 1000)

const batched = import('hotpath/batch').then(({ batch, groupBy }) =>
  batch(ids => pool.query(ADDRESSES, [ids]), groupBy('user_id')),
)

/** Each gives the cities of all users, in their order. */
const pages = {
  async loop() {
    const cities = []
    for (const user of await users()) cities.push((await rows(ADDRESS, [user.id]))[0].city)
    return cities
  },
  async hand() {
    const all = await users()
    const found = await rows(ADDRESSES, [all.map(user => user.id)])
    const cities = new Map(found.map(row => [row.user_id, row.city]))
    return all.map(user => cities.get(user.id))
  },
  async dataloader() {
    const addressOf = await batched
    const found = await Promise.all((await users()).map(user => addressOf(user.id)))
    return found.map(([address]) => address.city)
  },
  async 'dataloader-in-loop'() {
    const addressOf = await batched
    const cities = []
    for (const user of await users()) cities.push((await addressOf(user.id))[0].city)
    return cities
  },
  async parallel() {
    const found = await Promise.all((await users()).map(user => rows(ADDRESS, [user.id])))
    return found.map(([address]) => address.city)
  },
  /** 20 users, 5 orders each, 3 lines each: 1 + 20 + 100 statements. */
  async nested() {
    const names = []
    for (const user of (await users()).slice(0, 20)) {
      for (const order of await rows('select id from orders where user_id = $1', [user.id])) {
        for (const line of await rows('select name from lines where order_id = $1', [order.id]))
          names.push(line.name)
      }
    }
    return names
  },
  /** Nothing that could be batched: five statements of five kinds. */
  async plain() {
    const found = []
    for (const table of ['users', 'addresses', 'orders', 'lines', 'items'])
      found.push((await rows(`select * from ${table} where id = $1`, [7])).length)
    return found
  },
  /** Five rows are read and five written, by key, at random. */
  async writes() {
    for (let i = 0; i < 5; i++) {
      await rows('select * from items where id = $1', [someId()])
      await rows('update items set sold = sold + 1 where id = $1', [someId()])
    }
    return []
  },
  async connect() {
    const client = new Client(options)
    await client.connect()
    try {
      return (await client.query('select city from addresses where user_id = $1', [7])).rows
    } finally {
      await client.end()
    }
  },
  async borrow() {
    const client = await pool.connect()
    try {
      return (await client.query('select city from addresses where user_id = $1', [7])).rows
    } finally {
      client.release()
    }
  },
}

const server = http.createServer(async (request, response) => {
  try {
    response.end(JSON.stringify(await pages[request.url.slice(1)]()))
  } catch (error) {
    response.statusCode = 500
    response.end(String(error))
  }
})

/** What can be switched: the field of an object that says what is done. */
const switches = {
  statements: [globalThis[Symbol.for('hotpath.stages')], 'pg'],
  pool: [globalThis[Symbol.for('hotpath.pools')], 'policy'],
}
const kept = {}
/** Between blocks, when no request is under way: what is measured is the same process with and without. */
const turn = (what, on) => {
  const [holder, field] = switches[what]
  kept[what] ??= holder[field]
  if (kept[what] === undefined) throw new Error(`${what} is not configured`)
  holder[field] = on ? kept[what] : undefined
}

process.on('message', ({ ask, what, on }) => {
  if (ask === 'turn') turn(what, on)
  process.send({ cpuUs: sum(process.cpuUsage()) })
})
process.once('disconnect', () => {
  server.close()
  server.closeAllConnections()
  void pool.end()
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))

const sum = ({ user, system }) => user + system
