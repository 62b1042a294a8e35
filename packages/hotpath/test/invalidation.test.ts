import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { type Computation, compute } from '../dist/cache/computation.js'
import { gatePg } from '../dist/gate/pg.js'
import { useQueries } from '../dist/gate/pg-queries.js'
import {
  allOfMenu,
  aside,
  cases,
  log,
  one,
  refused,
  SCHEMA,
  type Statement,
} from './invalidation/cases.js'
import { type Postgres, startPostgres } from './postgres.js'
import { inRequest } from './verify/batch.js'

/** It has no types of its own. */
const Cursor = createRequire(import.meta.url)('pg-cursor') as new (
  text: string,
) => pg.Submittable & {
  read(rows: number): Promise<unknown[]>
  close(): Promise<void>
}

describe('invalidation by what was observed', () => {
  let postgres: Postgres
  let pool: pg.Pool
  before(async () => {
    postgres = await startPostgres()
    gatePg()
    await useQueries({ queries: { observe: true, batch: true } }, process.cwd())
    pool = poolOf(postgres.url)
    await pool.query(SCHEMA)
  })
  after(async () => {
    await pool?.end()
    await postgres?.stop()
  })

  const run = ([text, values]: Statement, on: pg.Pool | pg.PoolClient = pool) =>
    on.query(text, values as unknown[])

  /** What somebody would keep who has computed something from these. */
  const kept = async (...statements: readonly Statement[]): Promise<Computation> => {
    const computation = await compute(async own => {
      for (const statement of statements) await run(statement)
      return own
    })
    assert.equal(computation.objection, '')
    assert.equal(computation.statements, statements.length)
    assert.ok(computation.isFresh())
    return computation
  }

  for (const [title, write, old, fresh] of cases)
    test(`a write drops what it touches: ${title}`, async () => {
      // Whatever the case before it left behind on its connections.
      pool.end().catch(() => {})
      pool = poolOf(postgres.url)
      const before = await Promise.all([...old, ...fresh].map(read => kept(read)))
      await run(write).catch(() => {})
      const got = before.map(computation => computation.isFresh())
      assert.deepEqual(got, [...old.map(() => false), ...fresh.map(() => true)])
    })

  for (const [text, reason] of refused)
    test(`is not kept: ${text}`, async () => {
      const values = text.includes('$1') ? ['search_path'] : []
      const objection = await compute(async own => {
        await run([text, values])
        return own.objection
      })
      assert.match(objection, reason)
    })

  test('is told at COMMIT, before the app hears of it, and not before', async () => {
    const before = await kept(allOfMenu)
    const client = await pool.connect()
    await client.query('begin')
    await client.query('update menu set n = n + 1')
    const own = await compute(async computation => {
      await client.query('select * from menu')
      return computation.objection
    })
    assert.match(own, /has written/)
    assert.ok(before.isFresh())
    const seen = await new Promise(resolve => {
      client.query('commit', () => resolve(before.isFresh()))
    })
    client.release()
    assert.equal(seen, false)
  })

  test('COMMIT AND CHAIN tells what was written, though a transaction is open again', async () => {
    const before = await kept(allOfMenu)
    const client = await pool.connect()
    await client.query('begin')
    await client.query('update menu set n = n + 1')
    await client.query('commit and chain')
    assert.equal(before.isFresh(), false)
    await client.query('rollback')
    client.release()
  })

  test('ROLLBACK drops nothing', async () => {
    const before = await kept(allOfMenu)
    const client = await pool.connect()
    await client.query('begin')
    await client.query('update menu set n = n + 1')
    await client.query('rollback')
    client.release()
    assert.ok(before.isFresh())
  })

  test('a COMMIT that fails drops all the same, before the app hears of it', async () => {
    const before = await kept(['select * from deferred'])
    const client = await pool.connect()
    await client.query('begin')
    await client.query('update deferred set next = 99')
    await assert.rejects(client.query('commit'), () => {
      assert.equal(before.isFresh(), false)
      return true
    })
    client.release()
  })

  test('so does a COMMIT whose connection is lost, of which nobody knows how it ended', async () => {
    const before = await kept(['select * from slow'])
    const client = await pool.connect()
    client.on('error', () => {})
    await client.query('begin')
    await client.query('insert into slow values (1)')
    const { rows } = await client.query('select pg_backend_pid() as pid')
    const dead = assert.rejects(client.query('commit'), () => {
      assert.equal(before.isFresh(), false)
      return true
    })
    await pool.query('select pg_terminate_backend($1)', [(rows[0] as { pid: number }).pid])
    await dead
    client.release(true)
  })

  test('what is written while it is read makes it old', async () => {
    const computation = await compute(async own => {
      await run(allOfMenu)
      await run(['update menu set n = n + 1'])
      return own
    })
    assert.equal(computation.isFresh(), false)
  })

  test('a snapshot of its own, and settings of its own, are not kept', async () => {
    const client = await pool.connect()
    const objection = () =>
      compute(async own => {
        await client.query('select * from menu')
        return own.objection
      })
    await client.query('begin isolation level repeatable read')
    assert.match(await objection(), /snapshot/)
    await client.query('commit')
    await client.query('begin')
    await client.query("set local search_path = 'public'")
    assert.match(await objection(), /settings/)
    await client.query('commit')
    assert.equal(await objection(), '')
    await client.query("set work_mem = '5MB'")
    assert.match(await objection(), /settings/)
    client.release(true)
  })

  test('the catalog is asked without waiting for the locks of others', async () => {
    const client = await pool.connect()
    await client.query('begin')
    // What is known is forgotten, and the table of a view is locked.
    await client.query('alter table menu add column late int')
    await kept(aside)
    await client.query('rollback')
    client.release()
  })

  test('of a cursor it is not known what it reads', async () => {
    const client = await pool.connect()
    const objection = await compute(async own => {
      const cursor = client.query(new Cursor('select * from menu'))
      await cursor.read(10)
      await cursor.close()
      return own.objection
    })
    client.release()
    assert.match(objection, /cursor/)
  })

  test('a cursor that writes drops what it touches, one that reads nothing', async () => {
    const before = [await kept(aside), await kept(one)]
    const client = await pool.connect()
    for (const text of ['select * from aside', 'update aside set n = 6 returning n']) {
      assert.ok(before[0]?.isFresh())
      const cursor = client.query(new Cursor(text))
      await cursor.read(10)
      await cursor.close()
    }
    await client.query('select 1')
    client.release()
    assert.deepEqual([before[0]?.isFresh(), before[1]?.isFresh()], [false, true])
  })

  test('pipelined writes are told each at its end', async () => {
    const client = new pg.Client({
      connectionString: postgres.url,
      pipeline: true,
    } as pg.ClientConfig)
    await client.connect()
    const [first, second] = [await kept(aside), await kept(log)]
    let again: Computation | undefined
    const one = client.query('update aside set n = 9')
    // Committed while the second is on its way: what is read between is old once that is.
    const two = client.query('update log set what = what || pg_sleep(0.2)::text')
    await one
    assert.equal(first?.isFresh(), false)
    again = await kept(log)
    await two
    assert.deepEqual([second?.isFresh(), again.isFresh()], [false, false])
    await client.end()
  })

  test('a batch hands what it read to each of its calls', async () => {
    const computations: Computation[] = []
    const loop = () =>
      inRequest('/loop', async () => {
        computations.length = 0
        const { rows } = await pool.query('select id from menu order by id')
        for (const { id } of rows as { id: number }[])
          await compute(async own => {
            await pool.query('select n from orders where menu = $1 order by id', [id])
            computations.push(own)
          })
      })
    for (let n = 0; n < 4; n++) await loop()
    assert.deepEqual(new Set(computations.map(own => own.objection)), new Set(['']))
    assert.ok(computations.every(own => own.statements === 1 && own.isFresh()))
    await run(['update orders set n = 7'])
    assert.ok(computations.every(own => !own.isFresh()))
  })

  test('roles of one database are told of each other', async () => {
    const url = new URL(postgres.url)
    url.username = 'ordinary'
    const other = poolOf(url.href)
    const before = await kept(allOfMenu)
    const theirs = await compute(async own => {
      await other.query('select * from menu')
      return own
    })
    assert.equal(theirs.objection, '')
    await other.query('update menu set n = 8 where id = 4')
    assert.deepEqual([before.isFresh(), theirs.isFresh()], [false, false])
    await other.end()
  })

  test('where the catalog cannot be asked nothing is kept, and a write drops everything', async () => {
    await pool.query(`create role stranger login; grant all on all tables in schema public to stranger;
      revoke execute on function pg_control_system() from public`)
    const url = new URL(postgres.url)
    url.username = 'stranger'
    const other = poolOf(url.href)
    const before = await kept(log)
    const objection = await compute(async own => {
      await other.query('select * from menu')
      return own.objection
    })
    assert.match(objection, /catalog could not be asked/)
    assert.ok(before.isFresh())
    await other.query('update menu set n = 9 where id = 4')
    assert.equal(before.isFresh(), false)
    await other.end()
  })
})

function poolOf(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  pool.on('error', () => {})
  return pool
}
