import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Observation } from '../observed.js'
import { type MariaDb, missingMariaDb, startMariaDb } from '../pool/mariadb.js'
import { assertStatements, drive } from './drive.js'

const WAYS = [
  'pool-promise',
  'pool-execute',
  'pool-callback',
  'connection-promise',
  'connection-callback',
  'prepared',
  'stream',
  'stream-events',
  'parallel',
  'timers',
]

describe('mysql2: twelve clients over a pool of three', { skip: missingMariaDb() ?? false }, () => {
  let mariadb: MariaDb
  let seen: Observation
  before(async () => {
    mariadb = await startMariaDb()
    const env = { MYSQL_URL: mariadb.url }
    seen = await drive({ stack: 'mysql2', framework: 'express', env, ways: WAYS })
  })
  after(() => mariadb.stop())

  for (const way of WAYS)
    test(`${way}: each statement once, in its own request`, () => {
      assertStatements(seen, way, { system: 'mysql' })
    })

  test('rows, columns, bytes and where it went', () => {
    const statements = seen.spans.filter(span => /r\d+_1/.test(String(span.attributes['db.query.text'])))
    for (const { attributes, name } of statements) {
      assert.equal(attributes['db.query.text']?.toString().replace(/r\d+_/, 'r_'), 'select sleep(?) as r_1, ? as s')
      assert.equal(name, 'select')
      assert.equal(attributes['db.response.returned_rows'], 1)
      assert.equal(attributes['hotpath.returned.columns'], 2)
      assert.ok(Number(attributes['hotpath.returned.bytes']) > 50)
      assert.equal(attributes['db.namespace'], 'app')
      assert.equal(attributes['server.port'], mariadb.port)
    }
  })
})
