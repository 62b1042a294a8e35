import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { type Computation, compute } from '../../dist/cache/computation.js'
import { gatePg } from '../../dist/gate/pg.js'
import { useQueries } from '../../dist/gate/pg-queries.js'
import { type Postgres, startPostgres } from '../postgres.js'

describe('writes that a text does not show', () => {
  let postgres: Postgres
  let pool: pg.Pool
  /** Sessions that have called what may set anything. */
  let writer: pg.Pool
  /** What keeps a text of several statements from going on. */
  let locks: pg.Pool
  before(async () => {
    postgres = await startPostgres()
    gatePg()
    await useQueries({ queries: { observe: true } }, process.cwd())
    pool = new pg.Pool({ connectionString: postgres.url, max: 4 })
    writer = new pg.Pool({ connectionString: postgres.url, max: 1 })
    locks = new pg.Pool({ connectionString: postgres.url, max: 1 })
    await writer.query(`create table menu (id int primary key, n int); insert into menu values (1, 1);
      create table other (id int); insert into other values (1);
      create function raise_menu() returns trigger language plpgsql as
        $$ begin update menu set n = n + 1; return new; end $$;
      create function watch(t text) returns void language plpgsql as
        $$ begin execute 'create trigger w after insert on ' || t ||
          ' for each row execute function raise_menu()'; end $$;
      create function bump() returns int language plpgsql as
        $$ begin update menu set n = n + 1; return 1; end $$;
      create view bumping as select bump() as x;
      create view of_bumping as select x + 1 from bumping;
      create domain bumped as int check (bump() > 0); create table of_bumped (x bumped)`)
  })
  after(async () => {
    await pool?.end()
    await writer?.end()
    await locks?.end()
    await postgres?.stop()
  })

  const kept = async (): Promise<Computation> => {
    const computation = await compute(async own => {
      await pool.query('select n from menu')
      return own
    })
    assert.deepEqual([computation.objection, computation.isFresh()], ['', true])
    return computation
  }

  for (const idle of [true, false])
    test(`what comes after a COMMIT in one text is told at its end${idle ? ', though nothing was kept before' : ''}`, async () => {
      const before = idle ? undefined : await kept()
      const client = await writer.connect()
      const holder = await locks.connect()
      await holder.query('select pg_advisory_lock(7)')
      const { connection } = client as unknown as { connection: pg.Connection }
      const committed = new Promise(resolve =>
        connection.on('commandComplete', ({ text }: { text: string }) => {
          if (text === 'COMMIT') resolve(undefined)
        }),
      )
      let between: Computation | undefined
      // More than 8 kB: the server sends what it has.
      const over = client.query(`begin; update other set id = 2; commit; select repeat('x', 20000);
      select pg_advisory_lock(7); update menu set n = n + 1; select pg_advisory_unlock(7)`)
      try {
        await committed
        between = await kept()
      } finally {
        await holder.query('select pg_advisory_unlock(7)')
        holder.release()
        await over
        client.release()
      }
      assert.deepEqual([between?.isFresh(), before?.isFresh()], [false, idle ? undefined : false])
    })

  test('a function that makes a trigger: the catalog is asked anew', async () => {
    await kept()
    await writer.query("select watch('other')")
    const before = await kept()
    await writer.query('insert into other values (3)')
    assert.equal(before.isFresh(), false)
  })

  for (const text of [
    'select * from bumping',
    'select * from of_bumping',
    'insert into of_bumped values (1)',
  ])
    test(`what it calls writes: ${text}`, async () => {
      const before = await kept()
      await writer.query(text)
      assert.equal(before.isFresh(), false)
    })
})
