import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ExponentialHistogram, type HistogramDelta, SCALE } from '../dist/trace/histogram.js'

const BASE = 2 ** (2 ** -SCALE)
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const options = { seed, numRuns: 1000 }
console.log(`seed ${seed}`)

/** Durations as they occur: from 1 us to 1,000 s, spread over the octaves. */
const duration = fc.double({ min: -20, max: 10, noNaN: true }).map(octave => 2 ** octave)
const durations = fc.array(duration, { minLength: 1, maxLength: 300 })

function histogramOf(values: readonly number[]): HistogramDelta {
  const histogram = new ExponentialHistogram()
  for (const value of values) histogram.record(value)
  return histogram.take()
}

/** Counts by bucket index. */
function byIndex({ offset, buckets }: HistogramDelta): Map<number, number> {
  return new Map(
    buckets.map((count, slot) => [offset + slot, count] as const).filter(([, count]) => count > 0),
  )
}

/** The middle of the bucket in which the quantile falls. */
function quantile(delta: HistogramDelta, q: number): number {
  let left = Math.max(1, Math.ceil(q * delta.count))
  for (const [index, count] of [...byIndex(delta)].sort(([a], [b]) => a - b)) {
    left -= count
    if (left <= 0) return BASE ** (index + 0.5)
  }
  return delta.max
}

describe('a histogram', () => {
  test('counts every value, and keeps sum, smallest and largest', () => {
    fc.assert(
      fc.property(durations, values => {
        const delta = histogramOf(values)
        assert.equal(delta.count, values.length)
        assert.equal(
          delta.buckets.reduce((sum, one) => sum + one, delta.zeroCount),
          values.length,
        )
        assert.equal(delta.min, Math.min(...values))
        assert.equal(delta.max, Math.max(...values))
        const sum = values.reduce((total, value) => total + value, 0)
        assert.ok(Math.abs(delta.sum - sum) <= 1e-9 * sum)
      }),
      options,
    )
  })

  test('puts a value into the bucket (base^i, base^(i+1)]', () => {
    fc.assert(
      fc.property(duration, value => {
        const [index] = [...byIndex(histogramOf([value])).keys()]
        // At the very edge the logarithm may round to either side.
        assert.ok(value > BASE ** (index as number) * (1 - 1e-12))
        assert.ok(value <= BASE ** ((index as number) + 1) * (1 + 1e-12))
      }),
      options,
    )
  })

  test('tells any quantile within 2.2 % of the exact one', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
        const sorted = [...values].sort((a, b) => a - b)
        const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] as number
        assert.ok(Math.abs(quantile(histogramOf(values), q) / exact - 1) <= 0.022)
      }),
      options,
    )
  })

  test('of two parts, added bucket by bucket, is that of the whole', () => {
    fc.assert(
      fc.property(durations, durations, (some, others) => {
        const sum = byIndex(histogramOf(some))
        for (const [index, count] of byIndex(histogramOf(others))) {
          sum.set(index, (sum.get(index) ?? 0) + count)
        }
        assert.deepEqual(
          new Map([...sum].sort()),
          new Map([...byIndex(histogramOf([...some, ...others]))].sort()),
        )
      }),
      options,
    )
  })

  test('taken in pieces loses and repeats nothing', () => {
    fc.assert(
      fc.property(fc.array(durations, { maxLength: 5 }), pieces => {
        const histogram = new ExponentialHistogram()
        let taken = 0
        for (const piece of pieces) {
          for (const value of piece) histogram.record(value)
          taken += histogram.take().count
        }
        assert.equal(taken, pieces.flat().length)
        assert.deepEqual(histogram.take().buckets, [])
      }),
      options,
    )
  })

  test('is bounded, whatever a broken clock says', () => {
    const delta = histogramOf([0, -1, Number.NaN, 1e-300, 1e300, Number.POSITIVE_INFINITY, 1])
    assert.equal(delta.count, 7)
    assert.equal(delta.zeroCount, 3)
    assert.ok(delta.buckets.length <= 650)
  })
})
