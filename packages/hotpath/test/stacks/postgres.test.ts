import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Observation } from '../observed.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { assertStatements, drive, statementsOf } from './drive.js'
import { waysOf } from './registry.js'

const WAYS = waysOf('postgres')

for (const app of ['stacks/app.cjs', 'stacks/app.mjs'])
  describe(`postgres.js in ${app}: twelve clients over a pool of three`, () => {
    let postgres: Postgres
    let seen: Observation
    before(async () => {
      postgres = await startPostgres()
      const env = { PG_URL: postgres.url }
      seen = await drive({ stack: 'postgres', app, framework: 'fastify', env, ways: WAYS })
    })
    after(() => postgres.stop())

    for (const way of WAYS)
      test(`${way}: each statement once, in its own request`, () => {
        assertStatements(seen, way, { system: 'postgresql' })
      })

    test('where each went', () => {
      const port = Number(new URL(postgres.url).port)
      for (const way of WAYS)
        for (const { attributes } of statementsOf(seen, way)) {
          assert.equal(attributes['server.address'], '127.0.0.1', way)
          assert.equal(attributes['server.port'], port, way)
        }
    })

    test('rows and columns, and a failure by its SQLSTATE', () => {
      for (const { attributes } of statementsOf(seen, 'tagged')) {
        assert.match(
          String(attributes['db.query.text']),
          /^select pg_sleep\(\$1\), \$2::text as r\d+_\d$/,
        )
        assert.equal(attributes['db.response.returned_rows'], 1)
        assert.equal(attributes['hotpath.returned.columns'], 2)
      }
      for (const { attributes, status } of statementsOf(seen, 'fails')) {
        assert.equal(status, 2)
        assert.equal(attributes['db.response.status_code'], '22P02')
        assert.equal(attributes['error.type'], '22P02')
      }
    })
  })

test('postgres.js over one connection: a statement begins when its turn comes', async () => {
  const postgres = await startPostgres()
  try {
    const env = { PG_URL: postgres.url, PG_MAX: '1' }
    const seen = await drive({ stack: 'postgres', env, ways: ['simple'] })
    assertStatements(seen, 'simple', { system: 'postgresql' })
    const statements = statementsOf(seen, 'simple').sort((a, b) => Number(a.startNs - b.startNs))
    for (const [at, { startNs }] of statements.entries())
      assert.ok(at === 0 || startNs >= (statements[at - 1]?.endNs ?? 0n), `statement ${at}`)
    assert.ok(seen.spans.some(({ name }) => name === 'wait: line'))
  } finally {
    await postgres.stop()
  }
})
