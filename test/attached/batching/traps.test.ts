import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { type Postgres, startPostgres } from '../../postgres.js'
import { BatchedApp, isBatch, type Tools, written } from './app.js'

/** Each of these was wrong once, here or in the prototype. */
describe('known traps', () => {
  let postgres: Postgres
  let admin: pg.Client
  let app: BatchedApp
  before(async () => {
    postgres = await startPostgres()
    admin = new pg.Client({ connectionString: postgres.url })
    await admin.connect()
    await admin.query(`
      create table users (id int primary key, code char(5), raw bytea, ref text);
      create table items (id serial primary key, user_id int, code char(5), raw bytea, ref varchar(5), n int);
      insert into users select g, 'c' || g, decode(lpad(to_hex(g), 2, '0') || 'ff00', 'hex'), g
        from generate_series(1, 12) g;
      insert into items (user_id, code, raw, ref, n) select id, code, raw, ref, o
        from users, generate_series(1, 3) o;
      create function lasting(x int) returns int language plpgsql stable as
        'begin perform pg_sleep(0.1); return x; end'`)
    app = await BatchedApp.start({ databaseUrl: postgres.url })
  })
  after(async () => {
    await app?.[Symbol.asyncDispose]()
    await admin?.end()
    await postgres?.stop()
  })

  test('char(n): named as format_type does, it would be char(1)', async () => {
    const { value, texts } = await app.learned('char', async ({ pool }) => {
      const { rows } = await pool.query<{ code: string }>('select code from users order by id')
      const seen = []
      for (const { code } of rows)
        seen.push(
          (await pool.query('select id from items where code = $1 order by id', [code])).rows
            .length,
        )
      return seen
    })
    assert.deepEqual(
      value,
      Array.from({ length: 12 }, () => 3),
    )
    assert.ok(texts.some(text => isBatch(text) && text.includes('pg_catalog._bpchar')))
  })

  test('parameters that are Buffers', async () => {
    const { value, texts } = await app.learned('buffers', async ({ pool }) => {
      const { rows } = await pool.query<{ raw: Buffer }>('select raw from users order by id')
      const text = 'select user_id from items where raw = $1 order by n'
      const found = await Promise.all(
        rows.map(({ raw }) => pool.query<{ user_id: number }>(text, [raw])),
      )
      return found.map(({ rows }) => rows[0]?.user_id)
    })
    assert.deepEqual(
      value,
      Array.from({ length: 12 }, (_, i) => i + 1),
    )
    assert.ok(texts.some(isBatch))
  })

  test('a column of another type since: what was known of its parameters is not believed', async () => {
    const page = async ({ pool }: Tools) => {
      const { rows } = await pool.query<{ ref: string }>('select ref from users order by id')
      const seen = []
      for (const { ref } of rows)
        seen.push(
          (await pool.query('select ref from items where ref = $1 order by id', [ref])).rows,
        )
      return seen
    }
    await app.learned('retyped', page)
    // By another process: nothing tells us. Blanks at the end count for varchar, and not for char.
    await admin.query(
      `alter table items alter ref type char(5); update users set ref = ref || '  '`,
    )
    const { value } = await app.request('retyped', page)
    assert.equal((value[0] as { ref: string }[]).length, 3)
    assert.equal((value[0] as { ref: string }[])[0]?.ref, '1    ')
    await admin.query(`update users set ref = trim(ref)`)
  })

  test('an array of parameters that the app fills anew for each call', async () => {
    const inTurn = async ({ pool }: Tools) => {
      const { rows } = await pool.query<{ id: number }>('select id from users order by id')
      const values: number[] = []
      const seen = []
      for (const { id } of rows) {
        values[0] = id
        const text = 'select user_id from items where user_id = $1 limit 1'
        seen.push((await pool.query<{ user_id: number }>(text, values)).rows[0]?.user_id)
      }
      return seen
    }
    const { value, roundTrips } = await app.learned('in turn', inTurn)
    assert.deepEqual(
      value,
      Array.from({ length: 12 }, (_, i) => i + 1),
    )
    assert.equal(roundTrips, 2)
    // pg reads the array when it sends: all of them ask for the last.
    const { value: atOnce } = await app.learned('at once', async ({ pool }) => {
      const values: number[] = []
      const text = 'select user_id as u from items where user_id = $1 limit 1'
      const calls = Array.from({ length: 12 }, (_, i) => {
        values[0] = i + 1
        return pool.query<{ u: number }>(text, values)
      })
      return (await Promise.all(calls)).map(({ rows }) => rows[0]?.u)
    })
    assert.deepEqual(
      atOnce,
      Array.from({ length: 12 }, () => 12),
    )
  })

  test('a view, and a view over that, that hide random()', async () => {
    await admin.query(`create view dice as select id, user_id, random() as r from items;
      create view more_dice as select * from dice`)
    for (const name of ['dice', 'more_dice']) {
      const { texts } = await app.learned(
        name,
        written(`async ({ pool }) => {
        const { rows } = await pool.query('select id from users order by id')
        for (const { id } of rows) await pool.query('select r from ${name} where user_id = $1', [id])
      }`),
      )
      assert.equal(texts.filter(isBatch).length, 0, name)
    }
  })

  test('a callback runs once, in the context of its call or, as with pg alone, in none', async () => {
    const { value } = await app.learned('callbacks', async ({ pool, mine }) => {
      const { rows } = await pool.query<{ id: number }>('select id from users order by id')
      const seen: unknown[] = []
      for (const { id } of rows) {
        await mine.run(
          `of ${id}`,
          () =>
            new Promise<void>(resolve => {
              const returned: unknown = pool.query(
                'select user_id from items where user_id = $1',
                [id],
                (error, result) => {
                  seen.push([error ?? null, result.rows.length, mine.getStore()])
                  resolve()
                },
              )
              if (returned !== undefined) seen.push('returned something')
            }),
        )
      }
      return seen
    })
    const outcomes = value as [null, number, string | null][]
    assert.deepEqual(
      outcomes.map(([error, rows]) => [error, rows]),
      Array.from({ length: 12 }, () => [null, 3]),
    )
    assert.ok(outcomes.every(([, , store], i) => store === null || store === `of ${i + 1}`))
  })

  test('a callback that throws ends the process as it does without us', async () => {
    await using doomed = await BatchedApp.start({ databaseUrl: postgres.url })
    const failed = doomed.send('throwing', async ({ pool }) => {
      const { rows } = await pool.query<{ id: number }>('select id from users order by id')
      const text = 'select n from items where user_id = $1'
      for (const { id } of rows.slice(0, 4)) await pool.query(text, [id])
      pool.query(text, [5], () => {
        throw new Error('of the app')
      })
      await new Promise(() => {})
    })
    await assert.rejects(failed)
    const ended = await doomed.program.ended
    assert.equal(ended.code, 1)
    assert.match(ended.stderr, /Error: of the app/)
  })

  test('types of the app: of the query, of the client, of the pool', async () => {
    const handler = async ({ pg, connectionString }: Tools) => {
      const types = { getTypeParser: () => (value: string) => `pool ${value}` }
      const pool = new pg.Pool({ connectionString, types: types as never })
      const own = { getTypeParser: () => (value: string) => `query ${value}` }
      const { rows } = await pool.query<{ id: string }>('select id from users order by id')
      const seen = []
      for (const { id } of rows) {
        const values = [id.slice(5)]
        const text = 'select user_id from items where user_id = $1 limit 1'
        seen.push(
          (await pool.query({ text, values })).rows[0],
          (await pool.query({ text: `${text} `, values, types: own as never })).rows[0],
        )
      }
      const client = new pg.Client({ connectionString })
      await client.connect()
      client.setTypeParser(23, value => `client ${value}`)
      const ids = await client.query<{ id: string }>('select id::text as id from users order by id')
      for (const { id } of ids.rows)
        seen.push(
          (
            await client.query(
              'select n, user_id from items where user_id = $1 order by n limit 1',
              [id],
            )
          ).rows[0],
        )
      await client.end()
      await pool.end()
      return seen
    }
    const { value } = await app.learned('types', handler)
    await using plain = await BatchedApp.start({
      databaseUrl: postgres.url,
      env: { HOTPATH_BATCH: 'off' },
    })
    assert.deepEqual(value, (await plain.request('types', handler)).value)
  })

  test('a connection that is lost while a batch is on its way fails the call, and nobody hangs', async () => {
    app.proxy.reset()
    const lost = app.send('lost', async ({ pool }) => {
      const ids = Array.from({ length: 30 }, (_, i) => i)
      const stable = 'select lasting($1) as id'
      const settled = await Promise.allSettled(ids.map(id => pool.query(stable, [id])))
      return settled.map(({ status }) => status)
    })
    while (!app.proxy.texts.some(isBatch)) await new Promise(resolve => setImmediate(resolve))
    app.proxy.cut()
    const statuses = await lost
    assert.equal(statuses.length, 30)
    assert.ok(statuses.includes('rejected'))
  })
})
