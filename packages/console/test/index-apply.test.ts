import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { advise } from '../dist/advise/advise.js'
import { apply } from '../dist/advise/apply.js'
import { asking } from './verify/index/asking.js'
import {
  type IndexServer,
  isAtWork,
  lacking,
  startIndexServer,
  until,
} from './verify/index/server.js'

const missing = lacking()
const lookUp = 'select * from things where a = $1'

describe('index advice that is applied', { skip: missing ?? false }, () => {
  let server: IndexServer
  before(async () => {
    server = await startIndexServer()
    await server.run(
      'postgres',
      'create table things (id int primary key, a int not null, filler text not null)',
      `insert into things select i, i % 2000, repeat('x', 50) from generate_series(1, 20000) i`,
      'analyze',
    )
    await server.run('postgres', 'create extension hypopg')
  })
  after(() => server.stop())

  const of = asking(advise, () => server.urlOf('postgres'))

  test('an index is made, and one that waits for a lock too long leaves nothing invalid', async () => {
    const database = server.urlOf('postgres')
    const advice = await of([lookUp])
    const holder = new pg.Client({ connectionString: database })
    await holder.connect()
    try {
      await holder.query('begin')
      await holder.query('update things set a = a where id = 1')
      const applying = apply(database, advice, { tell: () => {}, buildMs: 300 })
      const cleaning = `select 1 / count(*) from pg_stat_activity where query like 'DROP INDEX%' and wait_event_type = 'Lock'`
      await until(() =>
        server.run('postgres', cleaning).then(
          () => true,
          () => false,
        ),
      )
      await holder.query('rollback')
      const [failed] = await applying
      assert.equal(failed?.outcome, 'failed')
    } finally {
      await holder.end()
    }
    const count = `select 1 / (select (count(*) = NUMBER)::int from pg_index where indrelid = 'things'::regclass)`
    await server.run('postgres', count.replace('NUMBER', '1'))
    const [made] = await apply(database, advice, { tell: () => {} })
    assert.equal(made?.outcome, 'done')
    await server.run('postgres', count.replace('NUMBER', '2'), 'drop index things_a_idx')
  })

  test("another table's index that has the name stays, and ours gets another name", async () => {
    const database = server.urlOf('postgres')
    await server.run(
      'postgres',
      'create table others (id int)',
      'create index things_a_idx on others (id)',
    )
    const advice = await of([lookUp])
    assert.equal(advice.create[0]?.name, 'things_a_idx1')
    // Somebody was quicker than we.
    await server.run('postgres', 'create index things_a_idx1 on others (id)')
    const [failed] = await apply(database, advice, { tell: () => {} })
    assert.equal(failed?.outcome, 'failed')
    assert.match(failed?.why ?? '', /of this name is there already/)
    const count = `select 1 / (select (count(*) = 2)::int from pg_index where indrelid = 'others'::regclass)`
    await server.run('postgres', count, 'drop table others')
  })

  test('who interrupts leaves nothing at work on the server, and nothing invalid', async () => {
    const database = server.urlOf('postgres')
    const advice = await of([lookUp])
    const holder = new pg.Client({ connectionString: database })
    await holder.connect()
    const interruption = new AbortController()
    try {
      await holder.query('begin')
      await holder.query('update things set a = a where id = 1')
      const { signal } = interruption
      const applying = apply(database, advice, { tell: () => {}, signal })
      await until(() => server.holds(isAtWork('CREATE')))
      interruption.abort()
      await until(() => server.holds(isAtWork('DROP')))
      await holder.query('rollback')
      const [failed] = await applying
      assert.equal(failed?.outcome, 'failed')
      assert.match(failed?.why ?? '', /cancelled. Nothing is left of it/)
    } finally {
      await holder.end()
    }
    assert.ok(await server.holds(hasIndexes(1)))
  })

  test('when the connection is lost in the middle, it is told what to drop', async () => {
    const database = server.urlOf('postgres')
    const advice = await of([lookUp])
    const holder = new pg.Client({ connectionString: database })
    await holder.connect()
    try {
      await holder.query('begin')
      await holder.query('update things set a = a where id = 1')
      const applying = apply(database, advice, { tell: () => {} })
      await until(() => server.holds(isAtWork('CREATE')))
      await server.run(
        'postgres',
        `select pg_terminate_backend(pid) from pg_stat_activity where query like 'CREATE INDEX%'`,
      )
      const [failed] = await applying
      assert.equal(failed?.outcome, 'failed')
      assert.match(
        failed?.why ?? '',
        /by hand: DROP INDEX CONCURRENTLY IF EXISTS public.things_a_idx;/,
      )
    } finally {
      await holder.end()
    }
    await server.run('postgres', 'drop index things_a_idx')
  })

  test('partitions of partitions: each level gets its index, and what breaks off takes all with it', async () => {
    const database = server.urlOf('postgres')
    await server.run(
      'postgres',
      'create table tree (id int not null, part int not null, who int not null) partition by list (part)',
      'create table tree_1 partition of tree for values in (1) partition by range (id)',
      'create table tree_1_a partition of tree_1 for values from (0) to (20000)',
      'create table tree_1_b partition of tree_1 for values from (20000) to (40001)',
      'create table tree_2 partition of tree for values in (2)',
      'insert into tree select i, i % 2 + 1, i % 4000 from generate_series(1, 40000) i',
      'analyze tree',
    )
    const advice = await of(['select * from tree where who = $1'])
    const holder = new pg.Client({ connectionString: database })
    await holder.connect()
    const indexes = (count: number) =>
      server.holds(
        `select count(*) = ${count} and coalesce(bool_and(indisvalid), true) from pg_index where indrelid::regclass::text like 'tree%'`,
      )
    try {
      await holder.query('begin')
      await holder.query('update tree_2 set who = who where id = 2')
      const applying = apply(database, advice, { tell: () => {}, waitMs: 300 })
      const [failed] = await applying
      assert.equal(failed?.outcome, 'failed')
      await holder.query('rollback')
      await server.run('postgres', ...(failed?.why?.match(/DROP INDEX [^;]+/g) ?? []))
      assert.ok(await indexes(0))
    } finally {
      await holder.end()
    }
    const [made] = await apply(database, advice, { tell: () => {} })
    assert.equal(made?.outcome, 'done', made?.why)
    assert.ok(await indexes(5))
    await server.run('postgres', 'drop table tree')
  })
})

const hasIndexes = (count: number): string =>
  `select count(*) = ${count} from pg_index where indrelid = 'things'::regclass`
