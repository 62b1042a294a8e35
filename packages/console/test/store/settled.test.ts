import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Settled } from '../../dist/store/duckdb/settled.js'

const minuteNs = 60_000_000_000n
const [newestNs, nowMs] = [1_000n * minuteNs, 60_000_000]

describe('what is known of settled traces', () => {
  test('is of those that ended ten minutes before the newest point, for five minutes', () => {
    const known = new Settled<string>(10)
    known.note('old', 'its spans', 1, { endNs: newestNs - 10n * minuteNs, newestNs, nowMs })
    known.note('young', 'some spans', 1, { endNs: newestNs - 9n * minuteNs, newestNs, nowMs })
    assert.equal(known.get('old', nowMs + 299_999), 'its spans')
    assert.equal(known.get('old', nowMs + 300_000), undefined)
    assert.equal(known.get('young', nowMs), undefined)
  })

  test('is bounded', () => {
    const known = new Settled<number>(10)
    const times = { endNs: 0n, newestNs, nowMs }
    const kept = (): number =>
      Array.from({ length: 100 }, (_, i) => known.get(`trace ${i}`, nowMs) ?? 0).reduce(
        (a, b) => a + b,
        0,
      )
    for (let i = 0; i < 100; i++) {
      known.note(`trace ${i}`, 1 + (i % 4), 1 + (i % 4), times)
      assert.ok(kept() <= 10)
    }
    known.note('vast', 11, 11, times)
    assert.equal(known.get('vast', nowMs), undefined)
  })
})
