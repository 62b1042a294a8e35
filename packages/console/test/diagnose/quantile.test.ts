import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { emptyHistogram, merge, quantile } from '../../dist/diagnose/quantile.js'
import type { Histogram } from '../../dist/model.js'

/** A histogram as the specification counts: bucket i holds (base^i, base^(i+1)]. */
function counted(values: readonly number[], scale: number): Histogram {
  const indexes = values.map(value => Math.ceil(Math.log2(value) * 2 ** scale) - 1)
  const offset = Math.min(...indexes)
  const buckets = Array.from({ length: Math.max(...indexes) - offset + 1 }, () => 0)
  for (const index of indexes) buckets[index - offset] = (buckets[index - offset] ?? 0) + 1
  const sum = values.reduce((total, value) => total + value, 0)
  return { count: values.length, sum, scale, zeroCount: 0, offset, buckets }
}

const durations = fc.array(fc.double({ min: 1e-6, max: 1e3, noNaN: true }), { minLength: 1 })

describe('quantile', () => {
  test('is at most 2.2 % off the exact one at scale 4', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
        const sorted = [...values].sort((a, b) => a - b)
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number
        const found = quantile(counted(values, 4), q) as number
        assert.ok(Math.abs(found / exact - 1) < 0.0221, `${found} for ${exact}`)
      }),
      { numRuns: 1_000 },
    )
  })

  test('of nothing is nothing, of zeros is zero', () => {
    assert.equal(quantile(emptyHistogram, 0.5), undefined)
    assert.equal(quantile({ ...emptyHistogram, count: 3, zeroCount: 3 }, 0.5), 0)
  })
})

describe('merge', () => {
  test('of two halves at different scales is the whole at the coarser one', () => {
    const scale = fc.integer({ min: -2, max: 6 })
    fc.assert(
      fc.property(durations, durations, scale, scale, (a, b, scaleA, scaleB) => {
        const merged = merge(counted(a, scaleA), counted(b, scaleB))
        const whole = counted([...a, ...b], Math.min(scaleA, scaleB))
        assert.equal(merged.count, whole.count)
        assert.equal(merged.scale, whole.scale)
        assert.equal(merged.offset, whole.offset)
        assert.deepEqual(merged.buckets, whole.buckets)
      }),
      { numRuns: 1_000 },
    )
  })
})
