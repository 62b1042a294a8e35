import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Advice } from '../dist/advise/advice.js'
import { advise } from '../dist/advise/advise.js'
import { apply } from '../dist/advise/apply.js'
import { migration } from '../dist/advise/migration.js'
import { asking } from './verify/index/asking.js'
import { withCutOff } from './verify/index/cut-off.js'
import {
  type IndexServer,
  isAtWork,
  lacking,
  startIndexServer,
  until,
} from './verify/index/server.js'

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

  const of = asking(advise, () => server.urlOf('postgres'))

  test('a user who is not known, or a port where nothing listens, is one clear sentence', async () => {
    await assert.rejects(of([lookUp], { database: server.urlOf('postgres', 'nobody:secret') }), {
      code: 'DATABASE_AWAY',
      message: /No connection to the database \S+: this user may not log in(?!.*secret)/,
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
    await withCutOff(server.urlOf('postgres'), 'prepare hotpath_advice', database =>
      assert.rejects(of([lookUp], { database }), {
        code: 'DATABASE_FAILED',
        message: /terminated unexpectedly/,
      }),
    )
  })

  test('nothing is left behind: no session, no transaction', async () => {
    await of([lookUp])
    await server.run(
      'postgres',
      `select 1 / (select (count(*) = 0)::int from pg_stat_activity where application_name like 'hotpath index%')`,
    )
  })

  test('no index is unused while a server may follow that is away', async () => {
    await server.run(
      'postgres',
      'create index things_filler on things (filler)',
      `select pg_create_physical_replication_slot('away')`,
    )
    const advice = await of([lookUp], { unusedAfterDays: 0 })
    assert.deepEqual(advice.drop, [])
    assert.match(advice.notes.join(), /a server follows this one/)
    await server.run('postgres', `select pg_drop_replication_slot('away')`)
    const [drop] = (await of([lookUp], { unusedAfterDays: 0 })).drop
    assert.equal(drop?.name, 'things_filler')
    await server.run('postgres', 'drop index things_filler')
  })

  test('an index of another collation serves nothing else, and nothing else does its work', async () => {
    await server.run(
      'postgres',
      'create table words (id int, word text not null, kind int not null, filler text)',
      `insert into words select i, md5(i::text), i % 7, repeat('x', 50) from generate_series(1, 20000) i`,
      'create index words_c on words (word collate "C")',
      'analyze words',
    )
    const one = await of(['select * from words where word = $1'])
    assert.deepEqual([one.create[0]?.definition, one.drop], ['(word)', []])
    const two = await of(['select * from words where word = $1 order by kind limit 5'])
    assert.match(two.create[0]?.definition ?? '', /^\(word/)
    assert.deepEqual(two.drop, [])
    await server.run('postgres', 'drop table words')
  })

  test('an index of jsonb_path_ops does not know which keys there are', async () => {
    await server.run(
      'bare',
      'create table documents (id int, data jsonb not null)',
      `insert into documents select i, jsonb_build_object('k' || i % 5000, i) from generate_series(1, 20000) i`,
      'create index documents_path on documents using gin (data jsonb_path_ops)',
      'analyze documents',
    )
    const [made] = (
      await of([`select * from documents where data ? 'k17'`], { database: server.urlOf('bare') })
    ).create
    assert.equal(made?.definition, 'USING gin (data)')
    await server.run('bare', 'drop table documents')
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

  test('a migration is for each tool, with its way back', async () => {
    const advice = await of([lookUp])
    const made = 'CREATE INDEX CONCURRENTLY things_a_idx ON public.things (a)'
    const back = 'DROP INDEX CONCURRENTLY IF EXISTS public.things_a_idx'
    for (const tool of ['knex', 'typeorm', 'prisma', 'drizzle', 'sql']) {
      const text = migration(tool, advice)
      assert.ok(text.includes(made) && text.includes(back), text)
    }
    assert.match(migration('knex', advice), /^exports.config = { transaction: false }$/m)
    assert.match(
      migration('knex', advice, { isModule: true }),
      /^export const config = { transaction: false }$/m,
    )
    // TypeORM runs no second migration of one name, and one of an earlier time before the tables are there.
    assert.match(
      migration('typeorm', advice, { nowMs: 1_800_000_000_000 }),
      /class IndexAdvice1800000000000 /,
    )
  })

  test('a migration: Knex takes no operator for a value, and names are quoted on the way back', () => {
    const advice = {
      create: [],
      drop: [
        {
          name: 'order',
          table: 'docs',
          definition: "btree (id) WHERE (data ? 'a'::text)",
          reason: 'unused',
          why: '',
          sql: 'DROP INDEX CONCURRENTLY public."order"',
          bytes: 1,
          scans: 0,
        },
      ],
    } as unknown as Advice
    const made = String.raw`CREATE INDEX CONCURRENTLY \"order\" ON docs USING btree (id) WHERE (data \\? 'a'::text)`
    assert.ok(migration('knex', advice).includes(made), migration('knex', advice))
    assert.ok(
      migration('sql', advice).includes(`"order" ON docs USING btree (id) WHERE (data ? 'a'`),
    )
  })
})
