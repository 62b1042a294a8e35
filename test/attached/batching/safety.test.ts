import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { type Postgres, startPostgres } from '../../postgres.js'
import { until } from '../../processes/until.js'
import { BatchedApp, isBatch, written } from './app.js'

describe('what a batch must never do', () => {
  let postgres: Postgres
  let admin: pg.Client
  let app: BatchedApp
  before(async () => {
    postgres = await startPostgres()
    admin = new pg.Client({ connectionString: postgres.url })
    await admin.connect()
    await admin.query(`
      create table users (id int primary key, name text);
      create table items (id serial primary key, user_id int, price int, code char(5), data bytea);
      insert into users select g, 'u' || g from generate_series(1, 50) g;
      insert into items (user_id, price, code, data)
        select g, g * 10, 'c' || g, decode(lpad(to_hex(g), 2, '0'), 'hex') from generate_series(1, 50) g`)
    app = await BatchedApp.start({ databaseUrl: postgres.url })
  })
  after(async () => {
    await app?.[Symbol.asyncDispose]()
    await admin?.end()
    await postgres?.stop()
  })

  test('answer with what was there before an own write, in or out of a transaction', async () => {
    for (const route of ['write', 'write in a transaction']) {
      const { value } = await app.learned(route, async ({ pool }) => {
        const client = await pool.connect()
        const { rows } = await client.query<{ id: number }>('select id from users order by id')
        const seen: boolean[] = []
        const read = async (id: number) =>
          (
            await client.query<{ price: number }>('select price from items where user_id = $1', [
              id,
            ])
          ).rows[0]?.price ?? 0
        for (const { id } of rows.slice(0, 20)) {
          const before = await read(id)
          if (id % 7 !== 3) continue
          await client.query('update items set price = price + 1 where user_id >= $1', [id])
          seen.push((await read(id)) === before + 1)
        }
        client.release()
        return seen
      })
      assert.deepEqual(value, [true, true, true], route)
    }
  })

  test('fail a call because another key fails: the error is its own, with its SQLSTATE', async () => {
    const { value } = await app.learned('errors', async ({ pool }) => {
      const client = await pool.connect()
      await client.query('begin')
      const { rows } = await client.query<{ id: number }>('select id from users order by id')
      const seen: unknown[] = []
      for (const { id } of rows) {
        const text = 'select 100 / (user_id * 10 - 70) as q from items where user_id = $1'
        try {
          seen.push((await client.query<{ q: number }>(text, [id])).rows[0]?.q)
        } catch (error) {
          seen.push((error as { code: string }).code)
          break
        }
      }
      const after = await client.query('select 1').catch((error: { code: string }) => error.code)
      await client.query('rollback')
      client.release()
      return [seen, after]
    })
    assert.deepEqual(value, [[-1, -2, -2, -3, -5, -10, '22012'], '25P02'])
  })

  test('reach into SERIALIZABLE', async () => {
    const { texts } = await app.learned('serializable', async ({ pool }) => {
      const client = await pool.connect()
      await client.query('begin isolation level serializable')
      const { rows } = await client.query<{ id: number }>('select id from users order by id')
      for (const { id } of rows)
        await client.query('select price from items where user_id = $1', [id])
      await client.query('commit')
      client.release()
    })
    assert.equal(texts.filter(isBatch).length, 0)
    assert.equal(texts.filter(text => text.startsWith('select price')).length >= 50, true)
  })

  test('cross from one request into another that looks like it', async () => {
    const handler = (who: number) =>
      `async ({ pool }) => {
        const { rows } = await pool.query('select id from users where id % 4 = ${who} order by id')
        const seen = []
        for (const { id } of rows)
          seen.push((await pool.query('select user_id from items where user_id = $1', [id])).rows[0].user_id)
        return seen
      }`
    for (let round = 0; round < 3; round++) {
      const all = await Promise.all(
        [0, 1, 2, 3].map(who => app.send<number[]>('isolated', written(handler(who)))),
      )
      all.forEach((seen, who) => {
        assert.ok(seen.length > 10)
        assert.ok(seen.every(id => id % 4 === who))
      })
    }
  })

  test('carry the rows of one user to another, where the session says who it is', async () => {
    await admin.query(`
      drop role if exists guest; create role guest login;
      create table notes (id serial, user_id int, owner text);
      insert into notes (user_id, owner) select g, 'o' || o from generate_series(1, 20) g, generate_series(1, 2) o;
      alter table notes enable row level security;
      create policy own on notes using (owner = current_setting('app.owner', true));
      grant select on notes, users to guest`)
    const { value } = await app.learned('policies', async ({ pg, connectionString }) => {
      const url = new URL(connectionString)
      url.username = 'guest'
      const pool = new pg.Pool({ connectionString: url.href, max: 2 })
      const as = async (owner: string) => {
        const client = await pool.connect()
        await client.query("select set_config('app.owner', $1, false)", [owner])
        const { rows } = await client.query<{ id: number }>(
          'select id from users order by id limit 15',
        )
        const owners = new Set<string>()
        for (const { id } of rows) {
          const found = await client.query<{ owner: string }>(
            'select owner from notes where user_id = $1',
            [id],
          )
          for (const note of found.rows) owners.add(note.owner)
        }
        client.release()
        return [...owners]
      }
      const seen = [await as('o1'), await as('o2'), ...(await Promise.all([as('o1'), as('o2')]))]
      await pool.end()
      return seen
    })
    assert.deepEqual(value, [['o1'], ['o2'], ['o1'], ['o2']])
  })

  test('go on for ever when it runs into statement_timeout: the calls go out singly', async () => {
    await admin.query(`create function slow(x int) returns int language plpgsql stable as
      'begin perform pg_sleep(0.02); return x; end'`)
    const { value, texts } = await app.request('timeout', async ({ pg, connectionString }) => {
      const client = new pg.Client({ connectionString, statement_timeout: 200 })
      await client.connect()
      const { rows } = await client.query<{ id: number }>(
        'select id from users order by id limit 40',
      )
      const seen = []
      for (const { id } of rows)
        seen.push((await client.query<{ s: number }>('select slow($1) as s', [id])).rows[0]?.s)
      await client.end()
      return seen
    })
    assert.deepEqual(
      value,
      Array.from({ length: 40 }, (_, i) => i + 1),
    )
    assert.ok(texts.filter(isBatch).length > 0)
    assert.match(
      app.program.stderr,
      /statement_timeout: "select slow\(\$1\) as s" is not batched any more/,
    )
  })

  test('hold on to anything after the request', async () => {
    await using lean = await BatchedApp.start({
      databaseUrl: postgres.url,
      nodeArgs: ['--expose-gc'],
    })
    const heap = await lean.learned('heap', async ({ pool, kept }) => {
      const { rows } = await pool.query<{ id: number }>('select id from users order by id')
      for (const { id } of rows)
        await pool.query("select repeat('x', 20000) as big, price from items where user_id = $1", [
          id,
        ])
      ;(globalThis as { gc?: () => void }).gc?.()
      kept.set('heap', process.memoryUsage().heapUsed)
      return kept.get('heap')
    })
    for (let i = 0; i < 30; i++) {
      await lean.send('heap', async ({ pool }) => {
        const { rows } = await pool.query<{ id: number }>('select id from users order by id')
        for (const { id } of rows.slice(0, 25))
          await pool.query(
            "select repeat('x', 20000) as big, price from items where user_id = $1",
            [id],
          )
      })
    }
    const after = await lean.send('measure', () => {
      ;(globalThis as { gc?: () => void }).gc?.()
      return process.memoryUsage().heapUsed
    })
    // 30 requests fetched 1 MB each.
    assert.ok(after - Number(heap.value) < 8_000_000, `${after - Number(heap.value)} bytes more`)
  })

  test('run out of room because requests end before their rows come', async () => {
    await using hasty = await BatchedApp.start({ databaseUrl: postgres.url })
    // Of all requests together 64 MB are remembered: large answers, and small ones for the last gaps.
    for (let i = 0; i < 45; i++) {
      await hasty.send('hasty', async ({ pool, kept }) => {
        for (const bytes of [3_000_000, 300_000, 30_000, 3_000]) {
          const client = await pool.connect()
          client.query(`select pg_sleep(0.05), repeat('x', ${bytes}) as big`, () => {
            kept.set('came', Number(kept.get('came') ?? 0) + 1)
            client.release()
          })
        }
      })
    }
    await until(
      () => hasty.send('look', ({ kept }) => Number(kept.get('came'))),
      came => came === 180,
      'all rows',
    )
    const { roundTrips } = await hasty.learned('loop', async ({ pool }) => {
      const { rows } = await pool.query<{ id: number }>('select id from users order by id')
      for (const { id } of rows)
        await pool.query('select price from items where user_id = $1', [id])
    })
    assert.equal(roundTrips, 2)
  })

  test('leave a transaction open when the process is killed inside it', async () => {
    await using doomed = await BatchedApp.start({ databaseUrl: postgres.url })
    const url = doomed.send('killed', async ({ pool }) => {
      const client = await pool.connect()
      await client.query(`set application_name = 'doomed'`)
      await client.query('begin')
      const { rows } = await client.query<{ id: number }>('select id from users order by id')
      for (const { id } of rows)
        await client.query('select slow(price) from items where user_id = $1', [id])
    })
    const sessions = async () =>
      (
        await admin.query(
          `select state from pg_stat_activity where application_name = 'doomed' and xact_start is not null`,
        )
      ).rows.length
    await until(sessions, n => n === 1, 'the transaction to begin')
    doomed.program.kill('SIGKILL')
    await assert.rejects(url)
    assert.equal(await until(sessions, n => n === 0, 'the transaction to be gone'), 0)
  })

  test('hide what others wrote for longer than a second from a loop that waits for it', async () => {
    const waiting = app.send('polling', async ({ pool, kept }) => {
      kept.set('polls', 0)
      for (let polls = 1; ; polls++) {
        const { rows } = await pool.query<{ price: number }>(
          'select price from items where user_id = $1',
          [50],
        )
        kept.set('polls', polls)
        if (rows[0]?.price === -1) return polls
      }
    })
    await until(
      () => app.send('look', ({ kept }) => Number(kept.get('polls'))),
      polls => polls > 3,
      'some polls',
    )
    await admin.query('update items set price = -1 where user_id = 50')
    assert.ok((await waiting) > 3)
  })

  test('fetch everything again and again in a loop that reads and calls out in turn', async () => {
    const { texts, value } = await app.request('calls', async ({ pool, http, once }) => {
      const other = http.createServer((_, response) => response.end('done')).listen(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address() as import('node:net').AddressInfo
      const { rows } = await pool.query<{ id: number }>('select id from users order by id limit 30')
      const seen = []
      for (const { id } of rows) {
        seen.push((await pool.query('select code from items where user_id = $1', [id])).rows.length)
        await (await fetch(`http://127.0.0.1:${port}/`)).text()
      }
      other.closeAllConnections()
      other.close()
      return seen.length
    })
    assert.equal(value, 30)
    assert.ok(texts.filter(isBatch).length <= 2, `${texts.filter(isBatch).length} batches`)
  })
})
