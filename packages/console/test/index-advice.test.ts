import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { cases } from './verify/index/cases.js'
import { judge, prepareTemplate } from './verify/index/judge.js'
import { type IndexServer, lacking, startIndexServer } from './verify/index/server.js'

/** A dozen of the cases of `npm run verify index`; the others are of the same kinds. */
const chosen = [
  'equality before order with LIMIT',
  'OR over two columns',
  'partial: IS NULL for the few',
  'arrays: contains',
  'join of five tables',
  'a foreign key without an index, and deletes of its parent',
  'a quoted schema in mixed case',
  'partitions',
  'a write-heavy table',
  'a longer one makes the shorter one needless',
  'the trap of a unique prefix',
]

const missing = lacking()

describe('index advice', { skip: missing ?? false }, () => {
  let server: IndexServer
  before(async () => {
    server = await startIndexServer()
    await prepareTemplate(server)
  })
  after(() => server.stop())

  for (const [number, name] of chosen.entries())
    test(`is right for ${name}`, async () => {
      const one = cases.find(other => other.name === name)
      assert.ok(one, `there is no case ${name}`)
      const { wrong } = await judge(server, one, number)
      assert.deepEqual(wrong, [])
    })
})
