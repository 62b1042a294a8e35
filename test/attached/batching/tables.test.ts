import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { type Postgres, startPostgresWith } from '../../postgres.js'
import { TestConsole } from '../../processes/console.js'
import { Receiver } from '../../processes/receiver.js'
import { until } from '../../processes/until.js'
import { type Answered, BatchedApp, type Handler, type Tools, written } from './app.js'

const one = (id: number) =>
  written<{ name: string; n: number } | undefined>(
    `async ({ pool }) => (await pool.query('select name, n from menu where id = $1', [${id}])).rows[0]`,
  )
const sum = async ({ pool }: Tools) =>
  (await pool.query<{ n: number }>('select sum(n)::int as n from menu')).rows[0]?.n
const other = async ({ pool }: Tools) => (await pool.query('select count(*) from orders')).rows

/** Sends it until it is answered without the database: the config is read while the app already works. */
const served = <T>(app: BatchedApp, route: string, handler: Handler<T>): Promise<Answered<T>> =>
  until(
    () => app.request(route, handler),
    ({ texts }) => texts.length === 0,
    `an answer to ${route} without a statement`,
  )

const write = (text: string) =>
  written<number>(`async ({ pool }) => (await pool.query(\`${text}\`)).rowCount`)

describe('queries: { cache: { tables } }', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgresWith(`
      create table menu (id int primary key, name text, n int);
      create table orders (id serial primary key, menu int references menu on delete cascade);
      create table secret (id int primary key, owner text); alter table secret enable row level security;
      create policy own on secret using (owner = current_setting('app.owner', true));
      insert into menu select g, 'm' || g, 1 from generate_series(1, 9) g;
      insert into orders (menu) values (1), (2)`)
  })
  after(() => postgres?.stop())

  const start = (more = {}, env = {}) =>
    BatchedApp.start({
      databaseUrl: postgres.url,
      config: { queries: { cache: { tables: ['menu', 'secret'], ...more } } },
      env,
    })

  test('an answer is given across requests, until its row or its table is written', async () => {
    await using app = await start()
    const first = await served(app, 'one', one(1))
    await served(app, 'sum', sum)
    assert.deepEqual(first.value, { name: 'm1', n: 1 })
    await app.send('write', write('update menu set n = 5 where id = 2'))
    const still = await app.request('one', one(1))
    assert.deepEqual(still.texts, [])
    const summed = await app.request('sum', sum)
    assert.equal(summed.value, 13)
    assert.equal(summed.texts.length, 1)
    await app.send('write', write('update menu set n = n + 1 where n > 0'))
    assert.deepEqual((await app.request('one', one(1))).value, { name: 'm1', n: 2 })
  })

  test('a hit of a pool waits for no connection', async () => {
    await using app = await start()
    await served(app, 'one', one(6))
    const crowded = written<(number | string)[]>(`async ({ pool }) => {
      const taken = []
      while (taken.length < pool.options.max) taken.push(await pool.connect())
      const hit = pool.query('select name, n from menu where id = $1', [6])
      const waiting = [pool.waitingCount]
      const miss = pool.query('select count(*) from orders')
      waiting.push(pool.waitingCount)
      for (const client of taken) client.release()
      const { rows } = await hit
      await miss
      return [...waiting, rows[0].name]
    }`)
    assert.deepEqual(await app.send('crowded', crowded), [0, 1, 'm6'])
  })

  test('what a handler changes in its rows the next does not see', async () => {
    await using app = await start()
    await served(app, 'one', one(7))
    const spoil = written<string[]>(`async ({ pool }) => {
      const { rows } = await pool.query('select name from menu where id = $1', [7])
      const names = rows.map(row => row.name)
      rows[0].name = 'spoilt'
      rows.push({ name: 'more' })
      return names
    }`)
    for (let n = 0; n < 4; n++) assert.deepEqual(await app.send('spoil', spoil), ['m7'])
  })

  test('tables that are not named, and rows that depend on who asks, are asked for each time', async () => {
    await using app = await start()
    await served(app, 'one', one(8))
    assert.equal((await app.learned('other', other)).texts.length, 1)
    const secret = async ({ pool }: Tools) => (await pool.query('select * from secret')).rows
    assert.equal((await app.learned('secret', secret)).texts.length, 1)
  })

  test('a transaction sees what it has written, others do when it is committed', async () => {
    await using app = await start()
    await served(app, 'one', one(3))
    const seen = await app.send(
      'transaction',
      written<(number | undefined)[]>(`async ({ pool }) => {
        const text = 'select name, n from menu where id = $1'
        const read = async on => (await on.query(text, [3])).rows[0].n
        const client = await pool.connect()
        const before = await read(pool)
        await client.query('begin')
        await client.query('update menu set n = 40 where id = 3')
        const own = await read(client), others = await read(pool) - before
        await client.query('commit')
        const after = await read(pool)
        client.release()
        return [own, others, after]
      }`),
    )
    assert.deepEqual(seen, [40, 0, 40])
  })

  test('hits, misses and drops are counted, and a hit is shown as one', async () => {
    await using hotpath = await TestConsole.start()
    await using app = await start({}, hotpath.env)
    await app.learned('one', one(4))
    const spans = await until(
      async () => {
        await app.send('one', one(4))
        const { traces } = await hotpath.ask('traces')
        return (await Promise.all(traces.map(({ traceId }) => hotpath.spans(traceId)))).flat()
      },
      all => all.some(({ attributes }) => attributes['hotpath.cache'] === 'hit'),
      'a span of a hit',
    )
    assert.ok(spans.some(({ attributes }) => attributes['db.response.returned_rows'] === 1))
  })

  test('in shadow nothing is given, and what would have been wrong is counted', async () => {
    await using receiver = await Receiver.start()
    const env = { HOTPATH_ENDPOINT: receiver.url, HOTPATH_MODE: 'dev' }
    await using app = await start({ mode: 'shadow' }, env)
    const { texts } = await app.learned('one', one(5))
    assert.equal(texts.length, 1)
    await until(
      async () => {
        await app.send('one', one(5))
        return receiver.text.includes('hotpath.query.cache.shadow.hits')
      },
      counted => counted,
      'an answer that would have been given',
    )
    // By somebody whom nobody hears.
    const admin = new pg.Client({ connectionString: postgres.url })
    await admin.connect()
    await admin.query('update menu set n = 77 where id = 5')
    await admin.end()
    const { value } = await app.request('one', one(5))
    assert.equal(value?.n, 77)
    await until(
      () => receiver.text.includes('hotpath.query.cache.shadow.stale'),
      counted => counted,
      'the answer that would have been wrong',
    )
    assert.ok(!receiver.text.includes('hotpath.query.cache.hits'))
  })

  test('no more is kept than fits', async () => {
    await using app = await start({ maxBytes: 20_000 })
    await served(app, 'one', one(9))
    const many = written<number>(`async ({ pool }) => {
      let n = 0
      for (let id = 1; id <= 60; id++)
        n += (await pool.query('select id, name, n from menu where id = $1', [id])).rows.length
      return n
    }`)
    const { value, texts } = await app.learned('many', many)
    assert.equal(value, 9)
    assert.equal(texts.length, 60)
  })
})
