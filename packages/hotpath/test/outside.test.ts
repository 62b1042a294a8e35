import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'
import { type Computation, compute } from '../dist/cache/computation.js'
import { outsideTriggers } from '../dist/config.js'
import { gatePg } from '../dist/gate/pg.js'
import { useQueries } from '../dist/gate/pg-queries.js'
import { type Postgres, startPostgres } from './postgres.js'

const SOURCE = `const { Client } = require('pg'); const [url, text] = process.argv.slice(1)
  const client = new Client(url); client.connect().then(() => client.query(text)).finally(() => client.end())`

describe('writes from outside', () => {
  let postgres: Postgres
  let pool: pg.Pool
  before(async () => {
    postgres = await startPostgres()
    await outside(`
      create schema shop;
      create table menu (id int primary key, n int); insert into menu values (1, 1), (2, 2);
      create table shop."Odd Name" (n int);
      create table untold (n int);
      create table parts (id int, n int) partition by list (id);
      create table parts_1 partition of parts for values in (1); insert into parts values (1, 1)`)
    await outside(outsideTriggers(['menu', 'shop.Odd Name', 'parts']))
    gatePg()
    await useQueries(
      { queries: { observe: true }, invalidation: { listen: () => new pg.Client(postgres.url) } },
      process.cwd(),
    )
    pool = new pg.Pool({ connectionString: postgres.url, max: 2 })
    pool.on('error', () => {})
    // It is known to listen when what is kept stays good.
    await until(async () => {
      const computation = await kept('select * from untold')
      await listening()
      return computation.isFresh()
    }, 'the listening')
  })
  after(async () => {
    await pool?.end()
    await postgres?.stop()
  })

  /** By a process without Hotpath. */
  const outside = (text: string) =>
    promisify(execFile)(process.execPath, ['-e', SOURCE, postgres.url, text])

  const listening = () =>
    until(async () => {
      const { rows } = await pool.query(
        "select 1 from pg_stat_activity where query in ('listen hotpath_writes', 'select 1') and state = 'idle'",
      )
      return rows.length > 0
    }, 'somebody who listens')

  const kept = (text: string): Promise<Computation> =>
    compute(async own => {
      await pool.query(text)
      assert.equal(own.objection, '')
      return own
    })

  for (const [text, write] of [
    ['select * from menu', 'update menu set n = 3 where id = 2'],
    ['select * from menu where id = 1', 'delete from menu where id = 2'],
    ['select * from shop."Odd Name"', 'insert into shop."Odd Name" values (1)'],
    ['select * from parts_1', 'update parts set n = 2'],
    ['select * from menu where id = 1', 'truncate menu'],
  ] as const)
    test(`are heard of: ${write}`, async () => {
      const before = await kept(text)
      const other = await kept('select * from untold')
      await outside(write)
      await until(() => !before.isFresh(), 'the write')
      assert.ok(other.isFresh())
    })

  test('when the connection that listens is lost all is old, and it listens again', async () => {
    const before = await kept('select * from untold')
    await outside(
      "select pg_terminate_backend(pid) from pg_stat_activity where query in ('listen hotpath_writes', 'select 1')",
    )
    await until(() => !before.isFresh(), 'all to be old')
    await listening()
    let again = await kept('select * from menu')
    await until(async () => {
      if (again.isFresh()) return true
      again = await kept('select * from menu')
      return false
    }, 'what stays')
    await outside('insert into menu values (7, 7)')
    await until(() => !again.isFresh(), 'the write')
  })
})

async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadlineMs = Date.now() + 15_000
  while (!(await done())) {
    assert.ok(Date.now() < deadlineMs, `waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
