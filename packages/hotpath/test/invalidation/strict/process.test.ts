import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, describe, mock, test } from 'node:test'
import pg from 'pg'
import { createClient } from 'redis'
import { cacheOver } from '../../../dist/cache/cache.js'
import { processTags } from '../../../dist/cache/tags.js'
import { redisStore } from '../../../dist/drivers/redis.js'
import { gatePg } from '../../../dist/gate/pg.js'
import { useQueries } from '../../../dist/gate/pg-queries.js'
import { Observing } from '../../../dist/query/invalidation/observing.js'
import { Commits } from '../../../dist/query/strict/commits.js'
import { missingRedis, redisCli, type Server, startRedis, until } from '../../cache/servers.js'
import { type Postgres, startPostgres } from '../../postgres.js'

/** It has no types of its own. */
const Cursor = createRequire(import.meta.url)('pg-cursor') as new (
  text: string,
) => pg.Submittable & { read(rows: number): Promise<unknown[]>; close(): Promise<void> }

/** What one process does by itself: its connections, what it marks and when, what it does not keep. */
describe('strict invalidation in one process', { skip: missingRedis() }, () => {
  let postgres: Postgres
  let redis: Server
  let client: ReturnType<typeof createClient>
  let pool: pg.Pool
  before(async () => {
    postgres = await startPostgres()
    redis = await startRedis()
    client = createClient({ url: `redis://127.0.0.1:${redis.port}` })
    client.on('error', () => {})
    await client.connect()
    gatePg()
    await useQueries(
      // The mode alone is enough.
      { invalidation: { mode: 'strict', store: () => redisStore(client) } },
      process.cwd(),
    )
    pool = newPool()
    await pool.query(
      'create table menu (id int primary key, n int); insert into menu values (1, 1)',
    )
  })
  after(async () => {
    await pool?.end()
    client?.destroy()
    await redis?.stop()
    await postgres?.stop()
  })

  const newPool = () =>
    new pg.Pool({ connectionString: postgres.url, application_name: 'the shop', max: 4 })
  const marks = (): string[] =>
    redisCli(redis.port, 'keys', '{hotpath:strict}:d:*')
      .split('\n')
      .filter(key => key !== '')
  const unmarked = () => until(() => marks().length === 0, 'marks to be cleared')
  const failOnce = <T extends object>(of: T, method: keyof T): void =>
    void mock.method(
      of,
      method as never,
      (() => {
        throw new Error('ours')
      }) as never,
      { times: 1 },
    )
  const named = async (name: string): Promise<string> => {
    const own = new pg.Client({ connectionString: postgres.url, application_name: name })
    await own.connect()
    const { rows } = await own.query<{ application_name: string }>('show application_name')
    await own.end()
    return rows[0]?.application_name ?? ''
  }

  test("connections keep the app's name, with the process behind it", async () => {
    assert.match(await named('the shop'), /^the shop hp:[\w-]{12}$/)
  })

  test('in 63 bytes, whatever they say', async () => {
    const name = await named('x'.repeat(80))
    assert.match(name, /^x+ hp:[\w-]{12}$/)
    assert.equal(name.length, 63)
  })

  test('what a transaction writes is marked when COMMIT is sent, and no more once it is over', async () => {
    await unmarked()
    const own = await pool.connect()
    await own.query('begin')
    await own.query('update menu set n = n + 1')
    assert.deepEqual(marks(), [])
    await own.query('commit')
    own.release()
    await unmarked()
  })

  const inTheMiddle: [string, () => Promise<unknown>][] = [
    [
      'a statement of its own',
      () => pool.query('update menu set n = n + pg_advisory() where id = 1'),
    ],
    [
      'several in one text',
      () => pool.query('select 1; update menu set n = n + pg_advisory() where id = 1'),
    ],
    [
      'a cursor',
      async () => {
        const own = await pool.connect()
        const cursor = own.query(
          new Cursor('update menu set n = n + pg_advisory() where id = 1 returning n'),
        )
        await cursor.read(10)
        await cursor.close()
        own.release()
      },
    ],
    [
      'one at which we fail, whatever it is',
      () => {
        failOnce(Observing.prototype, 'before')
        return pool.query('update menu set n = n + pg_advisory() where id = 1')
      },
    ],
    ...[
      'update menu set n = n + pg_advisory() where id = 1; commit',
      'select pg_advisory(); end',
    ].map((text): [string, () => Promise<unknown>] => [
      `the end of a transaction, in "${text}"`,
      async () => {
        const own = await pool.connect()
        await own.query('begin')
        await own.query('update menu set n = n + 1 where id = 1')
        await own.query(text)
        own.release()
      },
    ]),
  ]
  for (const [title, write] of inTheMiddle)
    test(`is marked before it is sent: ${title}`, async () => {
      await pool.query(`create or replace function pg_advisory() returns int language sql volatile as
        $$ select 1 from (select pg_advisory_xact_lock(7)) l $$`)
      await unmarked()
      const holder = new pg.Client({ connectionString: postgres.url })
      await holder.connect()
      await holder.query('select pg_advisory_lock(7)')
      await unmarked()
      const written = write()
      try {
        await until(() => marks().length > 0, 'a mark')
      } finally {
        await holder.end()
        await written
      }
      await unmarked()
      // Its connections have called a function that nobody knows.
      await pool.end()
      pool = newPool()
    })

  test('a computation in which nothing was seen is not kept, unless it is told to live by its ttl', async () => {
    const cache = cacheOver({ ttl: '1h' }, processTags())
    let runs = 0
    const run = () => ++runs
    for (let n = 0; n < 3; n++) await cache.getOrSet('plain', run)
    assert.equal(runs, 3)
    assert.equal(cache.stats().names['getOrSet']?.unseen, 3)
    runs = 0
    for (let n = 0; n < 3; n++) await cache.getOrSet('by ttl', run, { ttlOnly: true })
    assert.equal(runs, 1)
  })

  test('what a function has read is kept, and asked about at each hit', async () => {
    const cache = cacheOver({ ttl: '1h' }, processTags())
    const read = async () => (await pool.query('select n from menu where id = 1')).rows as unknown
    const kept = async () => {
      await cache.getOrSet('menu', read)
      return (cache.stats().names['getOrSet']?.hits ?? 0) > 0
    }
    await until(kept, 'a hit')
    // As if another process had written: its new version is all that this one could know of it.
    const { misses = 0 } = cache.stats().names['getOrSet'] ?? {}
    const [key = ''] = redisCli(redis.port, 'keys', '{hotpath:strict}:v:pg:*menu#id=1').split('\n')
    assert.notEqual(key, '')
    redisCli(redis.port, 'set', key, 'another')
    await cache.getOrSet('menu', read)
    assert.equal(cache.stats().names['getOrSet']?.misses, misses + 1)
  })

  test('a version that is missing is a miss', async () => {
    const cache = cacheOver({ ttl: '1h' }, processTags())
    const read = async () => (await pool.query('select n from menu where id = 1')).rows as unknown
    const hits = () => cache.stats().names['getOrSet']?.hits ?? 0
    await until(async () => {
      await cache.getOrSet('menu', read)
      return hits() > 0
    }, 'a hit')
    const before = hits()
    for (const key of redisCli(redis.port, 'keys', '{hotpath:strict}:v:pg:*menu#id=1').split('\n'))
      redisCli(redis.port, 'del', key)
    await cache.getOrSet('menu', read)
    assert.equal(hits(), before)
  })

  test("names of the app's own are renewed when it says that they have changed", async () => {
    const cache = cacheOver({ ttl: '1h' }, processTags())
    let runs = 0
    const get = () => cache.getOrSet('shop', () => ++runs, { tags: ['shop:7'] })
    await until(async () => {
      const before = runs
      await get()
      return runs === before
    }, 'a hit')
    const before = runs
    assert.equal(await cache.invalidate(['shop:7']), true)
    await get()
    assert.equal(runs, before + 1)
  })

  test('where we fail at a cursor of the app, the app gets its rows, and what was kept is old everywhere', async () => {
    const everything = () => redisCli(redis.port, 'get', '{hotpath:strict}:v:*')
    const before = everything()
    const own = await pool.connect()
    failOnce(Commits.prototype, 'holds')
    const cursor = own.query(new Cursor('update menu set n = n + 1 where id = 1 returning n'))
    assert.equal((await cursor.read(10)).length, 1)
    await cursor.close()
    own.release()
    await until(() => everything() !== before, 'a new version of everything')
  })
})
