import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { fixtures } from '../../places.js'
import { type Postgres, startPostgres } from '../../postgres.js'
import { BatchedApp, isBatch, type Tools, written } from './app.js'

const USERS = 100

/** The loop of all loops: users, and for each of them a query for the addresses. */
async function usersPage({ pool }: Tools) {
  const { rows } = await pool.query<{ id: number }>('select id, name from users order by id')
  const page = []
  for (const user of rows) {
    const found = await pool.query('select street from addresses where user_id = $1', [user.id])
    page.push({ ...user, streets: found.rows })
  }
  return page
}

describe('a loop of single reads becomes a few statements', () => {
  let postgres: Postgres
  let app: BatchedApp
  let plain: BatchedApp
  before(async () => {
    postgres = await startPostgres()
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query(`
      create table users (id int primary key, name text);
      create table addresses (id serial primary key, user_id int, street text);
      create table rooms (id serial primary key, address_id int, name text);
      insert into users select g, 'u' || g from generate_series(1, ${USERS}) g;
      insert into addresses (user_id, street) select g, 's' || g || n from generate_series(1, ${USERS}) g, generate_series(1, 2) n;
      insert into rooms (address_id, name) select id, 'r' || id from addresses`)
    await client.end()
    app = await BatchedApp.start({ databaseUrl: postgres.url })
    plain = await BatchedApp.start({ databaseUrl: postgres.url, env: { HOTPATH_BATCH: 'off' } })
  })
  after(async () => {
    await app?.[Symbol.asyncDispose]()
    await plain?.[Symbol.asyncDispose]()
    await postgres?.stop()
  })

  test('one after another: 100 users in two round trips once it is known, and the same answer', async () => {
    const expected = await plain.request('users', usersPage)
    assert.equal(expected.roundTrips, USERS + 1)
    const cold = await app.request('users', usersPage)
    assert.deepEqual(cold.value, expected.value)
    assert.ok(cold.roundTrips <= 10, `cold: ${cold.roundTrips} round trips`)
    const known = await app.learned('users', usersPage)
    assert.deepEqual(known.value, expected.value)
    assert.equal(known.roundTrips, 2)
  })

  test('all at once: those of one tick are joined, with nothing known before', async () => {
    const { value, roundTrips } = await app.request('at-once', async ({ pool }) => {
      const ids = Array.from({ length: 100 }, (_, i) => i + 1)
      const text = 'select street, user_id from addresses where user_id = $1 order by id'
      const results = await Promise.all(ids.map(id => pool.query(text, [id])))
      return results.map(({ rows }) => (rows[0] as { user_id: number }).user_id)
    })
    assert.deepEqual(
      value,
      Array.from({ length: USERS }, (_, i) => i + 1),
    )
    assert.ok(roundTrips <= 3, `${roundTrips} round trips`)
  })

  test('three levels deep: four statements', async () => {
    const rooms = async ({ pool }: Tools) => {
      const all = []
      const users = await pool.query<{ id: number }>('select id from users order by id')
      for (const { id } of users.rows) {
        const text = 'select id from addresses where user_id = $1 order by id'
        for (const address of (await pool.query<{ id: number }>(text, [id])).rows) {
          const inner = 'select name from rooms where address_id = $1'
          all.push(...(await pool.query(inner, [address.id])).rows)
        }
      }
      return all
    }
    const expected = await plain.request('rooms', rooms)
    const { value, roundTrips } = await app.learned('rooms', rooms)
    assert.deepEqual(value, expected.value)
    assert.equal(roundTrips, 3)
  })

  test('on a client of the pool, in a transaction, with the values written into the text', async () => {
    const ways = {
      client: async ({ pool }: Tools) => {
        const client = await pool.connect()
        const { rows } = await client.query<{ id: number }>('select id from users order by id')
        const all = []
        for (const { id } of rows)
          all.push(
            (await client.query('select street from addresses where user_id = $1', [id])).rows,
          )
        client.release()
        return all
      },
      transaction: async ({ pool }: Tools) => {
        const client = await pool.connect()
        await client.query('begin')
        const { rows } = await client.query<{ id: number }>('select id from users order by id')
        const all = []
        for (const { id } of rows)
          all.push(
            (await client.query('select street from addresses where user_id = $1', [id])).rows,
          )
        await client.query('commit')
        client.release()
        return all
      },
      inlined: async ({ pool }: Tools) => {
        const { rows } = await pool.query<{ id: number }>('select id from users order by id')
        const all = []
        for (const { id } of rows)
          all.push((await pool.query(`select street from addresses where user_id = ${id}`)).rows)
        return all
      },
    }
    for (const [name, handler] of Object.entries(ways)) {
      const expected = await plain.request(name, handler)
      const { value, roundTrips } = await app.learned(name, handler)
      assert.deepEqual(value, expected.value, name)
      assert.ok(roundTrips <= 5, `${name}: ${roundTrips} round trips`)
    }
  })

  test('over keys of which the driver makes something else: bytes, bool, float, dates, in local time', async () => {
    const admin = new pg.Client({ connectionString: postgres.url })
    await admin.connect()
    await admin.query(`create table days as select g as id, g % 2 = 0 as even, g * 1e-9::float8 as f, sha256(g::text::bytea) as bytes,
      date '2024-03-25' + g as d, timestamp '2024-03-25 10:00:00.1239' + g * interval '7 hours' as at,
      timestamptz '2024-03-25 10:00:00.5+02' + g * interval '7 hours' as tz from generate_series(1, 20) g`)
    await admin.end()
    const page = (column: string) =>
      written<unknown[]>(`async ({ pool }) => {
        const { rows } = await pool.query('select ${column} as key from days order by id')
        const found = []
        for (const { key } of rows)
          found.push((await pool.query('select id, ${column} from days where ${column} = $1', [key])).rows)
        return found
      }`)
    const env = { TZ: 'America/St_Johns' }
    await using local = await BatchedApp.start({ databaseUrl: postgres.url, env })
    const off = { ...env, HOTPATH_BATCH: 'off' }
    await using single = await BatchedApp.start({ databaseUrl: postgres.url, env: off })
    for (const column of ['bytes', 'even', 'f', 'd', 'at', 'tz']) {
      const expected = await single.request(column, page(column))
      const { value, roundTrips } = await local.learned(column, page(column))
      assert.deepEqual(value, expected.value, column)
      assert.equal(roundTrips, 2, column)
    }
  })

  test('a loop that is left early wastes at most twice what it used', async () => {
    const { texts, roundTrips } = await app.request('early', async ({ pool }) => {
      const { rows } = await pool.query<{ id: number }>('select id, name from users order by id')
      for (const { id } of rows.slice(0, 3))
        await pool.query('select id, street from addresses where user_id = $1', [id])
    })
    // The first alone, then the second with four that might follow, of which one did.
    assert.equal(texts.filter(isBatch).length, 1)
    assert.ok(roundTrips <= 4)
  })

  test('a loop that skips is let alone in its request', async () => {
    const { value } = await app.learned('skips', async ({ pool }) => {
      const { rows } = await pool.query<{ id: number }>('select id, name from users order by id')
      const streets = []
      for (const { id } of rows.filter(({ id }) => id % 20 === 1)) {
        const text = 'select street as s from addresses where user_id = $1 order by id'
        streets.push((await pool.query<{ s: string }>(text, [id])).rows[0]?.s)
      }
      return streets
    })
    assert.deepEqual(value, ['s11', 's211', 's411', 's611', 's811'])
  })

  test('queries: { memo: true } asks once for what is the same, until something is written', async () => {
    const config = { queries: { memo: true } }
    await using memo = await BatchedApp.start({ databaseUrl: postgres.url, config })
    const { value, texts } = await memo.learned('memo', async ({ pool }) => {
      const text = 'select name from users where id = $1'
      const names = []
      for (let i = 0; i < 10; i++)
        names.push((await pool.query<{ name: string }>(text, [7])).rows[0]?.name)
      await pool.query('update users set name = name where id = 7')
      names.push((await pool.query<{ name: string }>(text, [7])).rows[0]?.name)
      return names
    })
    assert.deepEqual(
      value,
      Array.from({ length: 11 }, () => 'u7'),
    )
    assert.equal(texts.filter(text => text.startsWith('select name')).length, 2)
  })

  test('on one route only, when the config says so', async () => {
    const config = { routes: { 'POST /batched': { queries: { batch: 'on' } } } }
    await using some = await BatchedApp.start({ databaseUrl: postgres.url, config })
    assert.equal((await some.learned('batched', usersPage)).roundTrips, 2)
    assert.equal((await some.learned('other', usersPage)).roundTrips, USERS + 1)
  })

  test('without libpg-query it is off, and says so in one line', async () => {
    const preload = join(fixtures, 'batching', 'no-grammar.cjs')
    await using lone = await BatchedApp.start({
      databaseUrl: postgres.url,
      nodeArgs: ['--require', preload],
    })
    assert.equal((await lone.learned('users', usersPage)).roundTrips, USERS + 1)
    assert.match(
      lone.program.stderr,
      /^hotpath: what is done with statements needs .*npm install libpg-query.*\n$/,
    )
  })

  test('without it each write makes all answers old that were read of a database, and that is said', async () => {
    const preload = join(fixtures, 'batching', 'no-grammar.cjs')
    await using lone = await BatchedApp.start({
      databaseUrl: postgres.url,
      nodeArgs: ['--require', preload],
      config: { routes: { 'GET /users': { cache: { ttl: '30s' } } } },
    })
    await lone.learned('users', usersPage)
    assert.match(
      lone.program.stderr,
      /^hotpath: .*each write makes all cached answers old.*libpg-query/m,
    )
  })
})
