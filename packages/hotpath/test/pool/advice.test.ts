import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { adviseSize } from 'hotpath/pool'
import { waitingShare } from '../../dist/pool/advice.js'

describe('advice on the size of a pool', () => {
  test('the share that waits is that of tables of Erlang’s C', () => {
    for (const [size, busy, share] of [
      [4, 2, 0.1739],
      [10, 8, 0.4092],
      [1, 0.5, 0.5],
      [3, 0, 0],
      [2, 2, 1],
    ] as const) {
      assert.equal(Number(waitingShare(size, busy).toFixed(4)), share)
    }
  })

  test('a pool that is as large as it must be stays', () => {
    const advice = adviseSize({ perSecond: 400, useSeconds: 0.012, size: 10 })
    assert.equal(advice.busy, 4.8)
    assert.equal(advice.size, 10)
    assert.ok(advice.waiting <= 0.05 && waitingShare(9, 4.8) > 0.05)
    assert.equal(advice.advice, '10 are enough: 4.8 are in use on average, and 10 would do.')
  })

  for (const [title, load, advice] of [
    [
      'too small: callers wait',
      { perSecond: 400, useSeconds: 0.012, size: 5 },
      'Set max to 10: 4.8 are in use on average, and with 5 too many callers wait.',
    ],
    [
      'too large: all instances together ask for more than the server has',
      { perSecond: 400, useSeconds: 0.012, size: 50, instances: 4, serverMax: 100 },
      '10 are enough (4.8 are in use on average), and 50 in each of 4 instances are more than the 100 of the server: set max to 10.',
    ],
    [
      'the server is the bound: more connections are no way out',
      { perSecond: 4000, useSeconds: 0.05, size: 20, instances: 5, serverMax: 100 },
      'The server has room for 18 in each of 5 instances, and 226 are needed (200 are in use on average): shorten what holds a connection, put a pooler before the server, or raise max_connections from 100.',
    ],
  ] as const) {
    test(title, () => assert.equal(adviseSize(load).advice, advice))
  }

  test('a figure that is none is refused', () => {
    assert.throws(() => adviseSize({ perSecond: Number.NaN, useSeconds: 1, size: 1 }), {
      name: 'RangeError',
      message: 'perSecond must be a number from 0 up, but is NaN.',
    })
  })
})
