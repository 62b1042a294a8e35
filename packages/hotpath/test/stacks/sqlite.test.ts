import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Observation } from '../observed.js'
import { assertStatements, drive, statementsOf } from './drive.js'
import { waysOf } from './registry.js'

const WAYS = waysOf('node:sqlite')
const isThere = process.getBuiltinModule('node:sqlite') !== undefined

test('Node 24 has it, Node 20 does not', () => {
  assert.equal(isThere, Number(process.versions.node.split('.')[0]) >= 22)
})

if (isThere)
  describe('node:sqlite', () => {
    let seen: Observation
    before(async () => {
      seen = await drive({ stack: 'sqlite', framework: 'express4', env: {}, ways: WAYS })
    })

    for (const way of WAYS)
      test(`${way}: each statement once, in its own request`, () => {
        assertStatements(seen, way, { system: 'sqlite' })
      })

    test('rows, and a failure by the number of its kind', () => {
      const rows = (way: string) =>
        statementsOf(seen, way).map(({ attributes }) => attributes['db.response.returned_rows'])
      assert.ok(rows('all').every(n => n === 1))
      assert.ok(rows('get').every(n => n === 1))
      for (const { attributes } of statementsOf(seen, 'fails')) {
        assert.equal(attributes['error.type'], 'ERR_SQLITE_ERROR')
        assert.equal(attributes['db.response.status_code'], '2067')
      }
    })
  })
