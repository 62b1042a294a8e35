import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bothWays, withoutFrames } from './differential.js'
import { type Postgres, startPostgres } from './postgres.js'

describe('pg behaves with the recorder as without', () => {
  let postgres: Postgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  for (const [title, scenario] of [
    ['in every form of call: results, errors, contexts, return values', ''],
    ['when a rejection is not handled', 'rejection'],
    ['when a callback throws', 'callback throws'],
  ] as const) {
    test(title, async () => {
      const { bare, attached } = await bothWays({
        file: 'pg-forms.cjs',
        args: [scenario],
        env: { DATABASE_URL: postgres.url, HOTPATH_ENDPOINT: 'http://127.0.0.1:1' },
      })
      assert.equal(attached.stdout, bare.stdout)
      assert.equal(withoutFrames(attached.stderr), withoutFrames(bare.stderr))
      assert.equal(attached.code, bare.code)
      assert.equal(bare.code, scenario === '' ? 0 : 1)
    })
  }
})
