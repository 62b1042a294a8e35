import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Followed } from '../../dist/store/duckdb/followed.js'
import { encodeBatch } from '../../dist/store/encode.js'
import { spanOf } from './batches.js'

const looked = { fromNs: 0n, toNs: 1_000n }
const spanOfTrace = (traceId: string) => ({ ...spanOf(1, 0), traceId })
const id = (n: number): string => n.toString(16).padStart(32, '0')
const written = <Value>(followed: Followed<Value>, ...ids: string[]): void =>
  followed.written([encodeBatch({ spans: ids.map(spanOfTrace), histograms: [], counters: [] })])

describe('what is known of a trace', () => {
  test('holds until a span of it is written, and not of another', () => {
    const followed = new Followed<string>(10)
    for (const n of [1, 2]) followed.note(followed.follow(id(n), looked), `spans of ${n}`, 1)
    // Two of the same lower bits as the first one, which are other traces.
    written(followed, id(3), id(2 ** 20 + 1), `1${id(1).slice(1)}`)
    assert.equal(followed.get(id(1), looked), 'spans of 1')
    written(followed, id(3), id(1))
    assert.equal(followed.get(id(1), looked), undefined)
    assert.equal(followed.get(id(2), looked), 'spans of 2')
  })

  test('is not kept when a span of it was written while it was looked up', () => {
    const followed = new Followed<string>(10)
    const following = followed.follow(id(1), looked)
    written(followed, id(1))
    followed.note(following, 'what was there before', 1)
    assert.equal(followed.get(id(1), looked), undefined)
  })

  test('holds for who would not look further', () => {
    const followed = new Followed<string>(10)
    followed.note(followed.follow(id(1), { fromNs: 5n, toNs: 9n }), 'its spans', 1)
    assert.equal(followed.get(id(1), { fromNs: 6n, toNs: 9n }), 'its spans')
    assert.equal(followed.get(id(1), { fromNs: 4n, toNs: 9n }), undefined)
    assert.equal(followed.get(id(1), { fromNs: 5n, toNs: 10n }), undefined)
  })

  test('is bounded, and forgotten when spans were dropped', () => {
    const followed = new Followed<number>(10)
    const kept = (): number =>
      Array.from({ length: 100 }, (_, i) => followed.get(id(i), looked) ?? 0).reduce(
        (a, b) => a + b,
      )
    for (let i = 0; i < 100; i++) {
      followed.note(followed.follow(id(i), looked), 1 + (i % 4), 1 + (i % 4))
      assert.ok(kept() <= 10)
    }
    assert.ok(kept() > 5)
    followed.note(followed.follow(id(200), looked), 11, 11)
    assert.equal(followed.get(id(200), looked), undefined)
    followed.clear()
    assert.equal(kept(), 0)
  })
})
