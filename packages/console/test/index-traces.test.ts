import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { advise } from '../dist/advise/advise.js'
import { type IndexServer, lacking, startIndexServer } from './verify/index/server.js'

const missing = lacking()

describe('what advice leaves in pg_stat_statements', { skip: missing ?? false }, () => {
  let server: IndexServer
  before(async () => {
    server = await startIndexServer(['shared_preload_libraries=pg_stat_statements'])
    await server.run(
      'postgres',
      'create extension pg_stat_statements',
      'create extension hypopg',
      'create role reader login',
      'create table things (id int primary key, name text not null, filler text not null)',
      `insert into things select i, 'secret' || i % 2000, repeat('x', 50) from generate_series(1, 20000) i`,
      'grant select on things to reader',
      'vacuum analyze',
    )
  })
  after(() => server.stop())

  /** The texts that advice for a look-up by name, asked for by this user, leaves behind. */
  async function left(user: string): Promise<string[]> {
    await server.run('postgres', 'select pg_stat_statements_reset()')
    const statements = [{ text: 'select * from things where name = $1', calls: 10, routes: [] }]
    const database = server.urlOf('postgres', user)
    const advice = await advise({ database, workload: { source: 'a test', statements } })
    assert.equal(advice.create.length, 1)
    assert.ok(advice.load.plans > 3)
    const client = new pg.Client({ connectionString: server.urlOf('postgres') })
    await client.connect()
    try {
      const { rows } = await client.query<{ query: string }>(
        `select query from pg_stat_statements where query ~* '^explain|secret'`,
      )
      return rows.map(({ query }) => query)
    } finally {
      await client.end()
    }
  }

  test('of a user who may only read: one text a statement, and no value', async () => {
    assert.deepEqual(await left('reader'), [
      'explain (format json) select * from things where name = $1',
    ])
  })

  test('of a superuser: nothing', async () => {
    assert.deepEqual(await left('postgres'), [])
  })
})
