import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { missingRedis, type Server, startRedis, until } from '../../cache/servers.js'
import { type Postgres, startPostgres } from '../../postgres.js'
import { type How, Process } from '../../verify/strict/processes.js'

const ways: readonly How[] = ['function', 'statement', 'response']
const ONE = 'select n from counters where id = $1'
const SCHEMA = `create schema shop; set search_path = shop;
  create table counters (id int primary key, n int);
  create table plain (id int primary key, n int not null);
  create view few_shops as select id, n from plain where id <= 2;
  insert into counters select g, 0 from generate_series(1, 9) g;
  insert into plain select g, g from generate_series(1, 4) g`

/** Two processes of one app, with their own ways to Redis and to PostgreSQL, which a test cuts. */
describe('strict invalidation over several processes', { skip: missingRedis() }, () => {
  let postgres: Postgres
  let redis: Server
  let direct: pg.Pool
  let one: Process
  let other: Process
  before(async () => {
    postgres = await startPostgres()
    redis = await startRedis()
    direct = new pg.Pool({ connectionString: postgres.url, max: 2 })
    direct.on('error', () => {})
    await direct.query(SCHEMA)
    one = await start()
    other = await start()
  })
  after(async () => {
    await Promise.all([one, other].map(process => process?.stop()))
    await direct?.end()
    await redis?.stop()
    await postgres?.stop()
  })

  const start = () => Process.start(postgres.url, redis.port, {}, false)
  const read = async (from: Process, id: number, how: How): Promise<number | undefined> => {
    const rows = await from.ask({ op: 'read', how, text: ONE, values: [id] })
    return (rows as { n: number }[] | undefined)?.[0]?.n
  }
  const write = (from: Process, id: number, n: number, commits = true) =>
    from.ask({
      op: 'write',
      steps: [['update counters set n = $1 where id = $2', [n, id]], ['select 1']],
      isolation: '',
      commits,
    })
  const hitsOf = async (from: Process, how: How): Promise<number> => {
    const figures = (await from.ask({ op: 'figures' })) as Record<string, number>
    return figures[`${how}s`] ?? 0
  }
  /** Until it gives hits: after a start, or something bad, nothing is trusted for a while. */
  const hits = async (from: Process, id: number, how: How): Promise<void> => {
    const before = await hitsOf(from, how)
    const hit = async () => {
      await read(from, id, how)
      return (await hitsOf(from, how)) > before
    }
    await until(hit, `a hit of ${how}`, 60_000)
  }
  const truth = async (id: number): Promise<number> =>
    ((await direct.query(`select n from shop.counters where id = ${id}`)).rows[0] as { n: number })
      .n
  /** In each of the ways nothing older than this. */
  const isSeen = async (from: Process, id: number, n: number): Promise<void> => {
    for (const how of ways) assert.equal(await read(from, id, how), n, how)
  }

  for (const how of ways)
    test(`what one has committed the next reader of another sees: ${how}`, async () => {
      await hits(other, 1, how)
      for (let n = 1; n <= 20; n++) {
        assert.equal(await write(one, 1, n), 'committed')
        assert.equal(await read(other, 1, how), n)
        if (n % 2 === 0) await read(other, 1, how)
      }
      await hits(other, 1, how)
    })

  test('what was rolled back changes nothing', async () => {
    await hits(other, 2, 'function')
    await write(one, 2, 99, false)
    await isSeen(other, 2, 0)
  })

  test('killed between COMMIT and its answer: what it wrote is seen at once, and hits come back', async () => {
    for (const how of ways) await hits(other, 3, how)
    one.postgres.onCommit = () => {
      one.kill()
      return true
    }
    await write(one, 3, 5)
    assert.equal(await truth(3), 5)
    await isSeen(other, 3, 5)
    for (const how of ways) await hits(other, 3, how)
    await isSeen(other, 3, 5)
    await one.stop()
    one = await start()
  })

  test('COMMIT was done and its answer lost with the connection: it is seen at once', async () => {
    for (const how of ways) await hits(other, 4, how)
    one.postgres.onCommit = () => {
      one.postgres.onCommit = undefined
      one.postgres.cut()
      return true
    }
    assert.equal(await write(one, 4, 6), 'unknown')
    assert.equal(await truth(4), 6)
    await isSeen(other, 4, 6)
    for (const how of ways) await hits(other, 4, how)
  })

  for (const way of ['up', 'down'] as const)
    test(`a writer whose way ${way} is cut: what it commits is seen, and its app goes on`, async () => {
      for (const how of ways) await hits(other, 5, how)
      const n = (await truth(5)) + 1
      one.redis.hold(way)
      assert.equal(await write(one, 5, n), 'committed')
      await isSeen(other, 5, n)
      assert.equal(await write(one, 5, n + 1), 'committed')
      await isSeen(other, 5, n + 1)
      await isSeen(one, 5, n + 1)
      // Late, what it had sent meanwhile arrives.
      one.redis.release(true)
      await isSeen(other, 5, n + 1)
      for (const how of ways) await hits(other, 5, how)
    })

  test('a reader that does not reach Redis asks the database', async () => {
    for (const how of ways) await hits(other, 6, how)
    other.redis.hold('down')
    await write(one, 6, 7)
    await isSeen(other, 6, 7)
    other.redis.release(false)
    for (const how of ways) await hits(other, 6, how)
  })

  test('Redis is gone, and back without its data: the app goes on, nothing old is given, hits come back', async () => {
    for (const how of ways) await hits(other, 7, how)
    await redis.kill()
    assert.equal(await write(one, 7, 1), 'committed')
    await isSeen(other, 7, 1)
    await redis.start()
    await isSeen(other, 7, 1)
    assert.equal(await write(one, 7, 2), 'committed')
    await isSeen(other, 7, 2)
    for (const how of ways) await hits(other, 7, how)
  })

  test('nobody joins a computation that began before a write of another process', async () => {
    await hits(one, 8, 'function')
    let tell: () => void = () => {}
    const hasRead = new Promise<void>(resolve => {
      tell = resolve
    })
    const slow = { op: 'slow', text: ONE, values: [8] } as const
    const first = one.ask({ ...slow, values: [8], waits: true }, () => tell())
    await hasRead
    assert.equal(await write(other, 8, 3), 'committed')
    const second = await one.ask({ ...slow, values: [8], waits: false })
    assert.deepEqual(second, [{ n: 3 }])
    await one.ask({ op: 'release' })
    await first
  })

  test('what was read while a transaction was open is old when it is committed', async () => {
    for (const how of ways) await hits(other, 9, how)
    const text = 'update counters set n = 4 where id = $1'
    await one.ask({ op: 'begin', text, values: [9] })
    await isSeen(other, 9, 0)
    await isSeen(other, 9, 0)
    await one.ask({ op: 'commit' })
    await isSeen(other, 9, 4)
  })

  test('a view that another process has changed is read anew, and what it reads now is noted', async () => {
    const view = {
      op: 'read',
      how: 'function',
      text: 'select id from few_shops',
      values: [],
    } as const
    const change = (text: string) =>
      one.ask({ op: 'write', steps: [[text]], isolation: '', commits: true })
    assert.deepEqual(await other.ask(view), [{ id: 1 }, { id: 2 }])
    await hits(other, 1, 'function')
    await other.ask(view)
    await change('create or replace view few_shops as select id, n from counters where id <= 1')
    assert.deepEqual(await other.ask(view), [{ id: 1 }])
    await other.ask(view)
    await change('update counters set id = 0 where id = 2')
    assert.deepEqual(await other.ask(view), [{ id: 1 }, { id: 0 }])
  })
})
