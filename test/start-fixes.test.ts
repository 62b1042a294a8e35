import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { runOnce, shopFolder } from './shop.js'

const demo = join(shopFolder, 'dist', 'demo', 'main.js')

interface Side {
  readonly statements: number
  readonly hits: number
}

interface Storm {
  readonly ordinary: { readonly answered: number; readonly refused: number }
  readonly greedy: { readonly answered: number; readonly refused: number }
}

describe('npm start -- --once --json --with', () => {
  test('batch: the same page with a handful of statements in the place of a thousand', async () => {
    const { before, after, equal } = await runOnce<{ before: Side; after: Side; equal: boolean }>(
      demo,
      '--with',
      'batch',
    )
    assert.equal(equal, true)
    assert.ok(before.statements > 1_000, `before: ${before.statements}`)
    assert.ok(after.statements < before.statements / 10, `after: ${after.statements}`)
  })

  test('index: the one that the look-up by e-mail lacks, tried on a copy and made while the shop runs', async () => {
    const { sql, predictedMs, measuredMs, refused } = await runOnce<{
      sql: string[]
      predictedMs: number | null
      measuredMs: number | null
      refused: { why: string }[]
    }>(demo, '--with', 'index')
    assert.deepEqual(sql, [
      'CREATE INDEX CONCURRENTLY subscribers_email_idx ON coffee_shop.subscribers (email)',
    ])
    assert.notEqual(predictedMs, null)
    assert.notEqual(measuredMs, null)
    assert.deepEqual(
      refused.map(({ why }) => why.match(/^An index \(pieces\b/)?.[0]),
      ['An index (pieces'],
    )
  })

  /** The demo itself throws when a menu is older than it may be. */
  test('cache: the menu without the database, new after each write, through Varnish too', async () => {
    const { before, after, writes, front } = await runOnce<{
      before: Side
      after: Side
      writes: { orderSeen: boolean; outsideSeenMs: number }
      front: { hits: number; orderSeenMs: number } | null
    }>(demo, '--with', 'cache')
    assert.deepEqual([before.hits, after.hits], [0, 200])
    assert.equal(before.statements, 1)
    assert.equal(writes.orderSeen, true)
    // The demo puts one in front where there is one.
    assert.ok(front !== null, 'Varnish is not installed (Debian: varnish, varnish-modules)')
    assert.ok(front.hits > 50, `${front.hits} of 100 menus came from Varnish`)
  })

  /** The demo itself throws when a refusal does not say what it should, or who waited is not let in. */
  test('limits: one client is refused, a hundred are not, and one that does as it is told is let in', async () => {
    const { before, after, obedient } = await runOnce<{
      before: Storm
      after: Storm
      obedient: { had: number }
    }>(demo, '--with', 'limits')
    assert.equal(before.greedy.refused, 0)
    assert.ok(after.greedy.refused > 0)
    assert.equal(after.ordinary.refused, 0)
    assert.ok(after.greedy.answered < before.greedy.answered, JSON.stringify({ before, after }))
    assert.ok(obedient.had >= 5 && obedient.had < 20, String(obedient.had))
  })
})
