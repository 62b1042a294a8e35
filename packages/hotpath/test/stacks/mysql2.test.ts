import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Observation } from '../observed.js'
import { type MariaDb, missingMariaDb, startMariaDb } from '../pool/mariadb.js'
import { assertStatements, drive, statementsOf } from './drive.js'
import { waysOf } from './registry.js'

const WAYS = waysOf('mysql2')

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
    for (const { attributes, name } of statementsOf(seen, 'pool-promise')) {
      const text = String(attributes['db.query.text'])
      assert.match(text, /^select sleep\(\?\) as r\d+_\d, \? as s$/)
      assert.equal(name, 'SELECT')
      assert.equal(attributes['db.response.returned_rows'], 1)
      assert.equal(attributes['hotpath.returned.columns'], 2)
      assert.ok(Number(attributes['hotpath.returned.bytes']) > 50)
      assert.equal(attributes['db.namespace'], 'app')
      assert.equal(attributes['server.port'], mariadb.port)
    }
  })

  for (const way of ['broken', 'destroyed'])
    test(`what was sent or waited when the connection was ${way} has failed`, () => {
      const statements = statementsOf(seen, way)
      assert.equal(statements.length, 72)
      for (const { status, attributes } of statements) {
        assert.equal(status, 2)
        assert.equal(attributes['error.type'], 'PROTOCOL_CONNECTION_LOST')
      }
    })

  test('what the app no longer waits for has failed, though its answer comes', () => {
    for (const { status, attributes } of statementsOf(seen, 'late')) {
      assert.equal(status, 2)
      assert.equal(attributes['error.type'], 'PROTOCOL_SEQUENCE_TIMEOUT')
    }
  })

  test('a failure by the name and the number of its kind', () => {
    for (const { attributes, status } of statementsOf(seen, 'fails')) {
      assert.equal(status, 2)
      assert.equal(attributes['error.type'], 'ER_NO_SUCH_TABLE')
      assert.equal(attributes['db.response.status_code'], '1146')
    }
  })
})
