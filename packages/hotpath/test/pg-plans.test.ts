import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Attributes, CollectedPoint, CollectedSpan } from './collector.js'
import { ObservedApp } from './observed.js'
import { type Postgres, startPostgres } from './postgres.js'

describe('with explain on, slow statements are told with their plans', () => {
  let postgres: Postgres
  let admin: pg.Client
  before(async () => {
    postgres = await startPostgres()
    admin = new pg.Client({ connectionString: postgres.url })
    await admin.connect()
    await admin.query(`create schema shop; create table log (n int);
      create table people as select g as id, 'p' || g || '@secret.org' as email from generate_series(1, 20000) g;
      alter table people add primary key (id); analyze people;
      create role few login connection limit 1; grant pg_read_all_data to few`)
  })
  after(async () => {
    await admin?.end()
    await postgres?.stop()
  })

  const start = (env: Record<string, string> = {}): Promise<ObservedApp> =>
    ObservedApp.start('pg-plans.cjs', {
      DATABASE_URL: postgres.url,
      HOTPATH_EXPLAIN: 'on',
      ...env,
    })
  const get = async (app: ObservedApp, path: string): Promise<unknown> =>
    (await fetch(app.url + path)).json()
  const planOf = ({ attributes }: CollectedSpan): Attributes =>
    Object.fromEntries(
      Object.entries(attributes).filter(([name]) => name.startsWith('hotpath.plan.')),
    )
  const isPlanned = (span: CollectedSpan): boolean => 'hotpath.plan.table' in span.attributes

  /** Asks until a statement is told with its plan. */
  async function planned(app: ObservedApp, path: string): Promise<CollectedSpan> {
    for (;;) {
      await get(app, path)
      const span = app.collector.spans.find(isPlanned)
      if (span !== undefined) return span
    }
  }

  for (const path of ['/find', '/written'])
    test(`${path} reads a table whole: which, of how many rows, for how many, and no data`, async () => {
      const app = await start()
      const span = await planned(app, path)
      const { errors, spans } = await app.finish()
      assert.deepEqual(planOf(span), {
        'hotpath.plan.table': 'people',
        'hotpath.plan.table.rows': 20_000,
        'hotpath.plan.kept.rows': 1,
      })
      assert.doesNotMatch(JSON.stringify(spans.map(({ attributes }) => attributes)), /secret/)
      assert.ok(
        spans.every(({ attributes }) => !/explain/i.test(String(attributes['db.query.text']))),
      )
      assert.deepEqual(errors, [])
      const { rows } = await admin.query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where application_name = 'hotpath' and state like '%transaction%'",
      )
      assert.deepEqual(rows, [{ n: 0 }])
    })

  test('what an index serves has nothing to tell', async () => {
    const app = await start()
    for (let n = 0; n < 30; n++) await get(app, '/key')
    const { errors, spans } = await app.finish()
    assert.equal(spans.some(isPlanned), false)
    assert.deepEqual(errors, [])
  })

  test('it is off by default', async () => {
    const app = await start({ HOTPATH_EXPLAIN: '' })
    for (let n = 0; n < 60; n++) await get(app, '/find')
    const { spans } = await app.finish()
    assert.equal(spans.some(isPlanned), false)
  })

  test('a text of several statements is not asked about: they run as often as the app runs them', async () => {
    const app = await start()
    for (let n = 0; n < 20; n++) await get(app, '/several')
    // One after it that may be asked about: had the first been, it would have been by now.
    await planned(app, '/find')
    const { errors } = await app.finish()
    assert.deepEqual(errors, [])
    const { rows } = await admin.query<{ n: number }>('select count(*)::int as n from log')
    assert.deepEqual(rows, [{ n: 20 }])
  })

  test('a server that lets nobody else in is let alone, and the app does not feel it', async () => {
    const url = new URL(postgres.url)
    url.username = 'few'
    const app = await start({ DATABASE_URL: url.href })
    const failed = (): readonly CollectedPoint[] =>
      app.collector.points.filter(({ metric }) => metric === 'hotpath.explain.failed')
    while (failed().length === 0) assert.deepEqual(await get(app, '/find'), [1])
    const { errors, spans, code } = await app.finish()
    assert.equal(code, 0)
    assert.equal(spans.some(isPlanned), false)
    assert.deepEqual(errors, [])
    // too_many_connections, https://www.postgresql.org/docs/current/errcodes-appendix.html
    assert.deepEqual(
      [...new Set(failed().map(({ attributes }) => attributes['reason']))],
      ['53300'],
    )
  })
})
