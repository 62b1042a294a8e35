import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Doubled } from '../../dist/intake/doubled.js'

/** The ids of a span as they stand in a table: trace (two numbers), its own, the one above it. */
const ids = (trace: bigint, own: bigint, above: bigint): Uint32Array =>
  new Uint32Array(new BigUint64Array([7n, trace, own, above]).buffer)

/** The statement of a driver: it stands below `above`. */
const driver = (above: bigint, trace = 1n): Uint32Array => ids(trace, 5n, above)
/** The query builder's own span. */
const builder = (own: bigint, trace = 1n): Uint32Array => ids(trace, own, 0n)

describe('a query builder whose driver said the same', () => {
  test('is told by the trace, the span above and the statement', () => {
    const doubled = new Doubled()
    doubled.remember(driver(9n), 0, 'select ?')
    assert.equal(doubled.has(builder(9n), 0, 'select ?'), true)
    assert.equal(doubled.has(builder(9n), 0, 'update ?'), false, 'another statement')
    assert.equal(doubled.has(builder(8n), 0, 'select ?'), false, 'another span')
    assert.equal(doubled.has(builder(9n, 2n), 0, 'select ?'), false, 'another trace')
  })

  test('is compared with the last statement below it', () => {
    const doubled = new Doubled()
    doubled.remember(driver(9n), 0, 'begin')
    doubled.remember(driver(9n), 0, 'select ?')
    assert.equal(doubled.has(builder(9n), 0, 'begin'), false)
    assert.equal(doubled.has(builder(9n), 0, 'select ?'), true)
  })

  test('a statement below nothing is not noted', () => {
    const doubled = new Doubled()
    doubled.remember(driver(0n), 0, 'select ?')
    assert.equal(doubled.has(builder(0n), 0, 'select ?'), false)
  })

  for (const [spread, place] of [
    ['random', (i: bigint) => BigInt.asUintN(64, (i + 1n) * 0x9e3779b97f4a7c15n)],
    ['counted up', (i: bigint) => i + 1n],
    ['alike but for their upper half', (i: bigint) => ((i + 1n) << 32n) | 3n],
  ] as const)
    test(`of ids that are ${spread} the last 10,000 are remembered, and no more`, () => {
      const doubled = new Doubled()
      for (let i = 0n; i < 25_000n; i++) doubled.remember(driver(place(i)), 0, 'select ?')
      let known = 0
      for (let i = 0n; i < 25_000n; i++) {
        const has = doubled.has(builder(place(i)), 0, 'select ?')
        assert.equal(has, i >= 15_000n, `the ${i}th`)
        if (has) known++
      }
      assert.equal(known, 10_000)
    })
})
