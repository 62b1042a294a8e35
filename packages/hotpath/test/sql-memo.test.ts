import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Memo } from '../dist/sql/memo.js'

describe('the memo of templates', () => {
  test('keeps what is in use, however much passes by', () => {
    const memo = new Memo<number>({ entries: 100, bytes: 1_000_000 })
    memo.set('in use', 1, 10)
    for (let index = 0; index < 10_000; index++) {
      memo.set(`passes ${index}`, index, 10)
      assert.equal(memo.get('in use'), 1)
    }
    assert.equal(memo.get('passes 1'), undefined)
  })

  test('holds no more entries and no more bytes than it may', () => {
    const byEntries = new Memo<number>({ entries: 100, bytes: 1_000_000 })
    const byBytes = new Memo<number>({ entries: 1_000_000, bytes: 10_000 })
    for (let index = 0; index < 10_000; index++) {
      byEntries.set(String(index), index, 10)
      byBytes.set(String(index), index, 100)
    }
    assert.ok(byEntries.size <= 100 && byBytes.size <= 100)
  })

  test('does not keep what would fill it alone', () => {
    const memo = new Memo<number>({ entries: 100, bytes: 1_000 })
    memo.set('small', 1, 10)
    assert.equal(memo.set('large', 2, 900), 2)
    assert.deepEqual([memo.get('large'), memo.get('small')], [undefined, 1])
  })
})
