import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Settled } from '../../dist/store/duckdb/settled.js'

const minuteNs = 60_000_000_000n
const newestNs = 1_000n * minuteNs
/** The clock and the newest point say the same. */
const nowMs = Number(newestNs / 1_000_000n)
const looked = { fromNs: 0n, toNs: newestNs }

describe('what is known of settled traces', () => {
  test('is of those that ended ten minutes before the newest point, for five minutes', () => {
    const known = new Settled<string>(10)
    const ended = (endNs: bigint) => ({ ...looked, endNs, newestNs, nowMs })
    known.note('old', 'its spans', 1, ended(newestNs - 10n * minuteNs))
    known.note('young', 'some spans', 1, ended(newestNs - 9n * minuteNs))
    assert.equal(known.get('old', looked, nowMs + 299_999), 'its spans')
    assert.equal(known.get('old', looked, nowMs + 300_000), undefined)
    assert.equal(known.get('young', looked, nowMs), undefined)
  })

  test('is not of running ones because a sender’s clock is ahead', () => {
    const known = new Settled<string>(10)
    const ahead = { ...looked, endNs: newestNs, newestNs: newestNs + 60n * minuteNs, nowMs }
    known.note('running', 'some spans', 1, ahead)
    assert.equal(known.get('running', looked, nowMs), undefined)
  })

  test('holds for who would not look further', () => {
    const known = new Settled<string>(10)
    const times = { fromNs: 5n, toNs: 9n, endNs: 0n, newestNs, nowMs }
    known.note('old', 'its spans', 1, times)
    assert.equal(known.get('old', { fromNs: 6n, toNs: 9n }, nowMs), 'its spans')
    assert.equal(known.get('old', { fromNs: 4n, toNs: 9n }, nowMs), undefined)
    assert.equal(known.get('old', { fromNs: 5n, toNs: 10n }, nowMs), undefined)
  })

  test('is bounded, and forgotten when spans were dropped', () => {
    const known = new Settled<number>(10)
    const times = { ...looked, endNs: 0n, newestNs, nowMs }
    const kept = (): number =>
      Array.from({ length: 100 }, (_, i) => known.get(`trace ${i}`, looked, nowMs) ?? 0).reduce(
        (a, b) => a + b,
        0,
      )
    for (let i = 0; i < 100; i++) {
      known.note(`trace ${i}`, 1 + (i % 4), 1 + (i % 4), times)
      assert.ok(kept() <= 10)
    }
    known.note('vast', 11, 11, times)
    assert.equal(known.get('vast', looked, nowMs), undefined)
    known.note('small', 1, 1, times)
    known.clear()
    assert.equal(known.get('small', looked, nowMs), undefined)
  })
})
