import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Advice } from '../dist/advise/advice.js'
import { advise } from '../dist/advise/advise.js'
import { apply } from '../dist/advise/apply.js'
import {
  type IndexServer,
  isAtWork,
  lacking,
  startIndexServer,
  until,
} from './verify/index/server.js'

const missing = lacking()

describe('indexes that are mostly empty', { skip: missing ?? false }, () => {
  let server: IndexServer
  before(async () => {
    server = await startIndexServer()
    await server.run(
      'postgres',
      'create table full_things (id int, name text not null)',
      'create table things (id int, name text not null)',
      'insert into things select i, repeat(md5(i::text), 4) from generate_series(1, 120000) i',
      'create index things_name on things (name)',
      'insert into full_things select * from things',
      'create index full_things_name on full_things (name)',
      'delete from things where id % 5 <> 0',
      'vacuum analyze',
    )
  })
  after(() => server.stop())

  const rebuilds = async (): Promise<NonNullable<Advice['rebuild']>> => {
    const statements = ['things', 'full_things'].map(name => ({
      text: `select * from ${name} where name = $1`,
      calls: 10,
      routes: [],
    }))
    const database = server.urlOf('postgres')
    const advice = await advise({ database, workload: { source: 'a test', statements } })
    return advice.rebuild ?? []
  }

  test('are told by the statistics, and full ones are not', async () => {
    const [found, ...more] = await rebuilds()
    assert.deepEqual(more, [])
    assert.equal(found?.sql, 'REINDEX INDEX CONCURRENTLY public.things_name')
    assert.equal(found?.measured, 'estimate')
    await server.run('postgres', 'create extension pgstattuple')
    const [measured] = await rebuilds()
    assert.equal(measured?.measured, 'pgstattuple')
    // Dead entries and the bounds of pages count there, and not in the estimate.
    assert.ok(Math.abs((measured?.expected ?? 0) / (found?.expected ?? 1) - 1) < 0.3)
  })

  test('are rebuilt, and what breaks off leaves nothing', async () => {
    const database = server.urlOf('postgres')
    const [one] = await rebuilds()
    assert.ok(one)
    const advice = { create: [], drop: [], rebuild: [one] } as unknown as Advice
    const holder = new pg.Client({ connectionString: database })
    await holder.connect()
    try {
      await holder.query('begin')
      await holder.query('update things set id = id where id = 5')
      const applying = apply(database, advice, { tell: () => {}, waitMs: 20_000, buildMs: 300 })
      await until(() => server.holds(isAtWork('DROP')))
      await holder.query('rollback')
      const [failed] = await applying
      assert.equal(failed?.outcome, 'failed')
    } finally {
      await holder.end()
    }
    const isAlone = `select count(*) = 1 and bool_and(indisvalid) from pg_index where indrelid = 'things'::regclass`
    assert.ok(await server.holds(isAlone))
    const [done] = await apply(database, advice, { tell: () => {} })
    assert.equal(done?.outcome, 'done', done?.why)
    assert.ok(await server.holds(isAlone))
    await server.run('postgres', 'vacuum analyze things')
    assert.deepEqual(await rebuilds(), [])
  })
})
