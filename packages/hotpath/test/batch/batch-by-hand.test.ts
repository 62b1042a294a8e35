import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { drizzle } from 'drizzle-orm/node-postgres'
import { inArray, sql } from 'drizzle-orm'
import { bigint, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { batch, batchScope, by, groupBy } from 'hotpath/batch'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { type Postgres, startPostgres } from '../postgres.js'

interface Address {
  readonly id: number
  /** A bigint, which pg gives as text. */
  readonly user_id: string
  readonly city: string
}

const addresses = pgTable('addresses', {
  id: integer('id').primaryKey(),
  user_id: bigint('user_id', { mode: 'number' }).notNull(),
  city: text('city').notNull(),
})

/** 100 users; user 7 has no address, user 8 has two. */
const SCHEMA = `
  create table addresses (id int primary key, user_id bigint, city text);
  insert into addresses select n, n, 'city ' || n from generate_series(1, 100) n where n <> 7;
  insert into addresses values (108, 8, 'second of 8');
  create table prices (amount numeric(8, 2) primary key, label text);
  insert into prices values (1.5, 'low'), (20, 'high');`

describe('batch, on PostgreSQL', () => {
  let postgres: Postgres
  let pool: pg.Pool
  let statements = 0
  before(async () => {
    postgres = await startPostgres()
    pool = new pg.Pool({ connectionString: postgres.url, max: 2 })
    pool.on('acquire', () => statements++)
    await pool.query(SCHEMA)
  })
  after(async () => {
    await pool.end()
    await postgres.stop()
  })

  /** What `fn` gives, in a request of its own, and how many statements it took. */
  const request = async <T>(fn: () => Promise<T>): Promise<{ value: T; statements: number }> => {
    const before = statements
    const value = await batchScope(fn)
    return { value, statements: statements - before }
  }
  const ALL = 'select * from addresses where user_id = any($1) order by id'
  const addressesOf = batch((ids: number[]) => pool.query<Address>(ALL, [ids]), groupBy('user_id'))

  test('a hundred callers are one statement, each gets the rows of its key', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => index + 1)
    const { value, statements } = await request(() => Promise.all(ids.map(id => addressesOf(id))))
    assert.equal(statements, 1)
    assert.deepEqual(
      value.map(rows => rows.map(row => row.city)),
      ids.map(id => {
        if (id === 7) return []
        return id === 8 ? ['city 8', 'second of 8'] : [`city ${id}`]
      }),
    )
  })

  test('by: one row, or undefined; two rows of one key are that key’s error alone', async () => {
    const addressOf = batch((ids: number[]) => pool.query<Address>(ALL, [ids]), by('user_id'))
    const { value } = await request(() => Promise.allSettled([6, 7, 8].map(id => addressOf(id))))
    const [six, seven, eight] = value
    assert.equal(six?.status === 'fulfilled' && six.value?.city, 'city 6')
    assert.equal(seven?.status === 'fulfilled' && seven.value, undefined)
    assert.ok(eight?.status === 'rejected')
    assert.match(
      String(eight.reason.message),
      /at most one row for a key, but got 2 rows .*groupBy/,
    )
    assert.equal(eight.reason.code, 'HOTPATH_BATCH_DUPLICATE')
  })

  test('a number, a bigint and the text that pg gives for it are one key', async () => {
    const given: unknown[][] = []
    const addressOf = batch((ids: (number | bigint | string)[]) => {
      given.push(ids)
      return pool.query<Address>(ALL, [ids.map(String)])
    }, by('user_id'))
    const { value } = await request(() =>
      Promise.all([addressOf(5), addressOf(5n), addressOf('5')]),
    )
    assert.deepEqual(
      value.map(row => row?.city),
      ['city 5', 'city 5', 'city 5'],
    )
    assert.equal(given.length, 1)
    assert.equal(given[0]?.length, 1)
  })

  test('a numeric finds its number, whatever zeros it has', async () => {
    const priceOf = batch(
      (amounts: number[]) =>
        pool.query<{ amount: string; label: string }>(
          'select * from prices where amount = any($1)',
          [amounts],
        ),
      by('amount'),
    )
    const { value } = await request(() => Promise.all([priceOf(1.5), priceOf(20), priceOf(3)]))
    assert.deepEqual(
      value.map(row => row?.label),
      ['low', 'high', undefined],
    )
  })

  test('a null key finds nothing, and asks nothing', async () => {
    const optional = batch(
      (ids: (number | null)[]) => pool.query<Address>(ALL, [ids]),
      by('user_id'),
    )
    const { value, statements } = await request(() => optional(null))
    assert.equal(value, undefined)
    assert.equal(statements, 0)
  })

  test('what a request has loaded it asks for once; the next request asks again', async () => {
    const load = async () => {
      await addressesOf.many([1, 2, 3])
      for (const id of [1, 2, 3]) await addressesOf(id)
    }
    assert.equal((await request(load)).statements, 1)
    assert.equal((await request(load)).statements, 1)
  })

  test('two requests at the same time share neither statement nor value', async () => {
    const before = statements
    await Promise.all([batchScope(() => addressesOf(1)), batchScope(() => addressesOf(1))])
    assert.equal(statements - before, 2)
  })

  test('after a write, clear makes the next call ask again', async () => {
    const { statements } = await request(async () => {
      await addressesOf(1)
      addressesOf.clear(1)
      await addressesOf(1)
      addressesOf.clearAll()
      await addressesOf(1)
    })
    assert.equal(statements, 3)
  })

  test('outside of requests calls are joined and nothing is remembered', async () => {
    const before = statements
    const both = await Promise.all([addressesOf(1), addressesOf(1)])
    await addressesOf(1)
    assert.equal(statements - before, 2)
    assert.deepEqual(both[0], both[1])
  })

  test('more keys than maxKeys are split', async () => {
    const sizes: number[] = []
    const inTens = batch(
      (ids: number[]) => {
        sizes.push(ids.length)
        return pool.query<Address>(ALL, [ids])
      },
      groupBy('user_id'),
      { maxKeys: 10 },
    )
    await request(() => inTens.many(Array.from({ length: 25 }, (_, n) => n)))
    assert.deepEqual(sizes, [10, 10, 5])
  })

  test('no more than maxCached keys are remembered, the oldest go', async () => {
    const few = batch((ids: number[]) => pool.query<Address>(ALL, [ids]), groupBy('user_id'), {
      maxCached: 2,
    })
    const { statements } = await request(async () => {
      await few.many([1, 2, 3])
      await few(3)
      await few(2)
      await few(1)
    })
    assert.equal(statements, 2)
  })

  test('a failed call rejects all its callers, and is not remembered', async () => {
    let text = 'select broken'
    const flaky = batch((ids: number[]) => pool.query<Address>(text, [ids]), groupBy('user_id'))
    await batchScope(async () => {
      const failed = await Promise.allSettled([flaky(1), flaky(2)])
      assert.deepEqual(
        failed.map(one => one.status === 'rejected' && one.reason.code),
        ['42703', '42703'],
      )
      text = ALL
      assert.equal((await flaky(1))[0]?.city, 'city 1')
    })
  })

  test('a function that throws at once rejects as well', async () => {
    const thrown = batch((ids: number[]): readonly Address[] => {
      throw new Error(`of the app, for ${ids.length}`)
    }, groupBy('user_id'))
    await assert.rejects(
      batchScope(() => thrown(1)),
      { message: 'of the app, for 1' },
    )
  })

  describe('an answer that does not fit says what was expected and what came:', () => {
    test('too few values', async () => {
      const upper = batch(async function upper(words: string[]) {
        return words.slice(1).map(word => word.toUpperCase())
      })
      await assert.rejects(
        batchScope(() => upper.many(['a', 'b', 'c'])),
        {
          code: 'HOTPATH_BATCH_LENGTH',
          message:
            'batch(upper) expected 3 values, one for each key and in their order, but got 2. To align rows with keys by a column, give by("column") or groupBy("column") as the second argument.',
        },
      )
    })
    test('rows without the column', async () => {
      const cities = batch(
        (ids: number[]) =>
          pool.query('select id, city from addresses where user_id = any($1)', [ids]),
        by('user_id'),
        { name: 'cities' },
      )
      await assert.rejects(
        batchScope(() => cities(1)),
        {
          code: 'HOTPATH_BATCH_COLUMN',
          message:
            'batch(cities) aligns rows by "user_id", but a row has id, city. Select the column, or name another.',
        },
      )
    })
    test('no rows at all', async () => {
      const nothing = batch((async () => undefined) as never, by('id'), { name: 'nothing' })
      await assert.rejects(
        batchScope(() => nothing(1)),
        { code: 'HOTPATH_BATCH_ANSWER', message: /an array of rows.* but got undefined/ },
      )
    })
    test('an option out of range', () => {
      assert.throws(() => batch(async (keys: number[]) => keys, { maxKeys: 0 }), {
        code: 'HOTPATH_BATCH_OPTION',
        message: 'batch: "maxKeys" must be a number from 1 up, but is 0.',
      })
    })
  })

  test('a query of Kysely is run and aligned', async () => {
    const db = new Kysely<{ addresses: { id: number; user_id: string; city: string } }>({
      dialect: new PostgresDialect({ pool }),
    })
    const cityOf = batch(
      (ids: string[]) => db.selectFrom('addresses').selectAll().where('user_id', 'in', ids),
      by('user_id'),
    )
    const { value, statements } = await request(() => cityOf.many(['1', '2', '7']))
    assert.deepEqual(
      value.map(row => row?.city),
      ['city 1', 'city 2', undefined],
    )
    assert.equal(statements, 1)
  })

  test('a query of Drizzle, and its raw execute, are run and aligned', async () => {
    const db = drizzle(pool)
    const cityOf = batch(
      (ids: number[]) => db.select().from(addresses).where(inArray(addresses.user_id, ids)),
      by('user_id'),
    )
    const rawOf = batch(
      (ids: number[]) =>
        db.execute<{ user_id: string; city: string }>(
          sql`select user_id, city from addresses where user_id in ${ids}`,
        ),
      by('user_id'),
    )
    const { value, statements } = await request(async () => [
      ...(await cityOf.many([1, 7])),
      ...(await rawOf.many([2, 7])),
    ])
    assert.deepEqual(
      value.map(row => row?.city),
      ['city 1', undefined, 'city 2', undefined],
    )
    assert.equal(statements, 2)
  })
})
