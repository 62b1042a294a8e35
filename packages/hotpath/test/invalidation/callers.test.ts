import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { type Computation, compute } from '../../dist/cache/computation.js'
import { gatePg } from '../../dist/gate/pg.js'
import { useQueries } from '../../dist/gate/pg-queries.js'
import { type Postgres, startPostgres } from '../postgres.js'

/** What `run` did as a computation of its own, once it has called back. */
const computed = (run: (done: () => void) => void): Promise<Computation> =>
  compute(own => new Promise(resolve => run(() => resolve(own))))

describe('the computation that a statement belongs to', () => {
  let postgres: Postgres
  let pool: pg.Pool
  before(async () => {
    postgres = await startPostgres()
    gatePg()
    await useQueries({ queries: { observe: true } }, process.cwd())
    pool = newPool()
    await pool.query(`create table menu (id int primary key, n int); insert into menu values (1, 1);
      create table other (id int); insert into other values (1)`)
  })
  after(async () => {
    await pool?.end()
    await postgres?.stop()
  })

  const newPool = (connectionTimeoutMillis = 0): pg.Pool => {
    const made = new pg.Pool({ connectionString: postgres.url, max: 1, connectionTimeoutMillis })
    made.on('error', () => {})
    return made
  }

  const holds = async (computation: Computation, table: string) => {
    assert.equal(computation.objection, '')
    await pool.query(`update ${table} set id = id`)
    return !computation.isFresh()
  }

  test('is that of who called pool.connect(callback), also where the pool was full', async () => {
    const holder = await pool.connect()
    const app = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const waiting = app.run('mine', () =>
      computed(done =>
        pool.connect((error, client, release) => {
          seen.push(error, app.getStore())
          if (client === undefined) return done()
          client.query('select n from menu', () => {
            release()
            done()
          })
        }),
      ),
    )
    // Released by another computation, which has read something else.
    const others = await compute(async own => {
      await holder.query('select id from other')
      holder.release()
      return own
    })
    const computation = await waiting
    assert.deepEqual(seen, [undefined, 'mine'])
    assert.deepEqual([computation.statements, others.statements], [1, 1])
    assert.deepEqual([await holds(computation, 'menu'), others.isFresh()], [true, true])
  })

  test('is that of who made the call before, in its callback', async () => {
    // The connection was opened by a computation that is over.
    await pool.end()
    pool = newPool()
    const opener = await compute(async own => {
      await pool.query('select n from menu')
      return own
    })
    const statements = opener.statements
    const computation = await computed(done =>
      pool.query('select n from menu', () => void pool.query('select id from other', done)),
    )
    assert.equal(computation.statements, 2)
    assert.equal(opener.statements, statements)
    assert.equal(await holds(computation, 'other'), true)
  })

  const failures: Record<string, () => Promise<unknown>> = {
    'a statement that fails': () => pool.query('select 1 / 0'),
    'a statement on a connection that is closed': async () => {
      const client = new pg.Client(postgres.url)
      await client.connect()
      await client.end()
      await client.query('select n from menu')
    },
    'no connection for pool.query': () => full(short => short.query('select n from menu')),
    'no connection for pool.connect': () => full(short => short.connect()),
    'no connection for pool.connect(callback)': () =>
      full(short => new Promise((_, no) => short.connect(error => no(error)))),
  }
  /** `run` with a pool whose only connection is out, and which says so after 60 ms. */
  const full = async (run: (short: pg.Pool) => Promise<unknown>) => {
    const short = newPool(60)
    // Opened with patience first: on a slow machine a connection alone may take those 60 ms.
    const holder = await untilOpen(short)
    try {
      await run(short)
    } finally {
      holder.release()
      await short.end()
    }
  }
  const untilOpen = (short: pg.Pool): Promise<pg.PoolClient> =>
    short.connect().catch(() => untilOpen(short))

  for (const [title, run] of Object.entries(failures))
    test(`what is made in spite of it is not kept: ${title}`, async () => {
      const objection = await compute(async own => {
        await assert.rejects(run())
        return own.objection
      })
      assert.match(objection, /^(?:a statement failed|no connection came)$/)
    })
})
