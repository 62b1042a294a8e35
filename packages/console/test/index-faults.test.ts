import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Advice } from '../dist/advise/advice.js'
import { advise, type AdviseOptions } from '../dist/advise/advise.js'
import { apply } from '../dist/advise/apply.js'
import { migration } from '../dist/advise/migration.js'
import { type IndexServer, lacking, startIndexServer } from './verify/index/server.js'

const missing = lacking()
const lookUp = 'select * from things where a = $1'

describe('index advice, when something is not as it should be', { skip: missing ?? false }, () => {
  let server: IndexServer
  before(async () => {
    server = await startIndexServer()
    await server.run('postgres', 'create role stranger login', 'create database bare')
    for (const database of ['postgres', 'bare'])
      await server.run(
        database,
        'create table things (id int primary key, a int not null, filler text not null)',
        `insert into things select i, i % 2000, repeat('x', 50) from generate_series(1, 20000) i`,
        'analyze',
      )
    await server.run('postgres', 'create extension hypopg', 'create extension pg_trgm')
  })
  after(() => server.stop())

  const of = (texts: readonly string[], more: Partial<AdviseOptions> = {}): Promise<Advice> =>
    advise({
      database: server.urlOf('postgres'),
      workload: {
        source: 'a test',
        statements: texts.map(text => ({ text, calls: 10, routes: [] })),
      },
      ...more,
    })

  test('a user who is not known, or a port where nothing listens, is one clear sentence', async () => {
    await assert.rejects(of([lookUp], { database: server.urlOf('postgres', 'nobody:secret') }), {
      code: 'DATABASE_AWAY',
      message: /lets us not in: this user may not log in(?!.*secret)/,
    })
    await assert.rejects(of([lookUp], { database: 'postgres://me:secret@127.0.0.1:1/x' }), {
      code: 'DATABASE_AWAY',
      message: /nothing listens there(?!.*secret)/,
    })
    await assert.rejects(of([lookUp], { database: 'mysql://x/y' }), { code: 'DATABASE_URL' })
  })

  test('what a user may not read is left out and said', async () => {
    const advice = await of([lookUp], { database: server.urlOf('postgres', 'stranger') })
    assert.match(advice.workload.skipped[0]?.reason ?? '', /may not read/)
    assert.deepEqual(advice.create, [])
  })

  test('text that is no single read or write is never given to the server', async () => {
    const evil = [
      'select 1; drop table things',
      'drop table things',
      'explain analyze delete from things',
      "copy things to program 'touch /tmp/x'",
      'select * into others from things',
      'do $$ begin delete from things; end $$',
      'select from where',
    ]
    const advice = await of([
      ...evil,
      `select * from things where a = ${'1'.repeat(9_990)}`,
      lookUp,
    ])
    assert.equal(advice.workload.statements, 1)
    assert.equal(advice.create[0]?.definition, '(a)')
    await server.run('postgres', 'select 1 / (select count(*) from things)')
    assert.match(advice.workload.skipped.map(({ reason }) => reason).join(), /cut off/)
  })

  test('a statement that deletes is planned and not run', async () => {
    const advice = await of(['delete from things where a = $1'])
    assert.equal(advice.create[0]?.definition, '(a)')
    await server.run('postgres', 'select 1 / (select (count(*) = 20000)::int from things)')
  })

  test('a table that is locked is not waited for', async () => {
    const holder = new pg.Client({ connectionString: server.urlOf('postgres') })
    await holder.connect()
    try {
      await holder.query('begin')
      await holder.query('lock table things in access exclusive mode')
      const advice = await of([lookUp])
      assert.match(advice.workload.skipped[0]?.reason ?? '', /locked/)
      await holder.query('rollback')
    } finally {
      await holder.end()
    }
  })

  test('without hypopg and without a copy it says so, and applies nothing', async () => {
    const database = server.urlOf('bare')
    const advice = await of([lookUp], { database })
    assert.equal(advice.load.verifiedBy, 'none')
    assert.equal(advice.create[0]?.verified, 'none')
    const [applied] = await apply(database, advice, { tell: () => {} })
    assert.equal(applied?.outcome, 'left')
    assert.match(migration('sql', advice), /Nothing to make/)
  })

  test('on a copy an index is made and rolled back', async () => {
    const advice = await of([lookUp], { copy: server.urlOf('bare') })
    assert.equal(advice.create[0]?.verified, 'copy')
    await server.run(
      'bare',
      `select 1 / (select (count(*) = 1)::int from pg_index where indrelid = 'things'::regclass)`,
    )
  })

  test('the database itself is taken for no copy: its writers would wait', async () => {
    const copy = `${server.urlOf('postgres')}?application_name=another`
    await assert.rejects(of([lookUp], { copy }), {
      code: 'PARAMETER',
      message: /which is that one/,
    })
  })

  test('a connection that is lost in the middle is an error, and no advice of what was seen', async () => {
    const to = new URL(server.urlOf('postgres'))
    const port = Number(to.port)
    const proxy = createServer(socket => {
      const way = connect(port, to.hostname)
      way.pipe(socket)
      socket.on('data', chunk => {
        if (chunk.includes('prepare hotpath_advice')) socket.destroy()
        else way.write(chunk)
      })
      for (const one of [socket, way]) one.on('error', () => {})
      socket.on('close', () => way.destroy())
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    to.port = String((proxy.address() as AddressInfo).port)
    try {
      await assert.rejects(of([lookUp], { database: to.href }), {
        code: 'DATABASE_FAILED',
        message: /terminated unexpectedly/,
      })
    } finally {
      proxy.close()
    }
  })

  test('nothing is left behind: no session, no transaction', async () => {
    await of([lookUp])
    await server.run(
      'postgres',
      `select 1 / (select (count(*) = 0)::int from pg_stat_activity where application_name like 'hotpath index%')`,
    )
  })

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

  test('an index that is being built by somebody is no leftover, whoever asks', async () => {
    await server.run('postgres', 'grant select on things to stranger')
    const holder = new pg.Client({ connectionString: server.urlOf('postgres') })
    await holder.connect()
    try {
      await holder.query('begin')
      await holder.query('update things set a = a where id = 1')
      const building = server.run('postgres', 'CREATE INDEX CONCURRENTLY things_new ON things (a)')
      await until(() => server.holds(isAtWork('CREATE')))
      const advice = await of([lookUp], { database: server.urlOf('postgres', 'stranger') })
      assert.deepEqual(advice.drop, [])
      await holder.query('rollback')
      await building
    } finally {
      await holder.end()
    }
    await server.run('postgres', 'drop index things_new', 'revoke select on things from stranger')
  })

  test('a schema that a user may not look into costs its statements alone', async () => {
    await server.run(
      'postgres',
      'create schema secret',
      'create table secret.things (a int)',
      'grant select on things to stranger',
    )
    const advice = await of([lookUp, 'select * from secret.things where a = $1'], {
      database: server.urlOf('postgres', 'stranger'),
    })
    assert.equal(advice.create[0]?.definition, '(a)')
    assert.match(advice.workload.skipped[0]?.reason ?? '', /permission denied for schema secret/)
    await server.run(
      'postgres',
      'drop schema secret cascade',
      'revoke select on things from stranger',
    )
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

  test('a migration is for each tool, with its way back', async () => {
    const advice = await of([lookUp])
    const made = 'CREATE INDEX CONCURRENTLY things_a_idx ON public.things (a)'
    const back = 'DROP INDEX CONCURRENTLY IF EXISTS public.things_a_idx'
    for (const tool of ['knex', 'typeorm', 'prisma', 'drizzle', 'sql']) {
      const text = migration(tool, advice)
      assert.ok(text.includes(made) && text.includes(back), text)
    }
    assert.match(migration('knex', advice), /transaction: false/)
  })
})

/** Whether such a statement waits for another transaction. */
const isAtWork = (verb: string): string =>
  `select exists(select from pg_stat_activity where query like '${verb} INDEX%' and wait_event_type = 'Lock')`

const hasIndexes = (count: number): string =>
  `select count(*) = ${count} from pg_index where indrelid = 'things'::regclass`

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, 'it took too long')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
