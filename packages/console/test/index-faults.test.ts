import assert from 'node:assert/strict'
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

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, 'it took too long')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
