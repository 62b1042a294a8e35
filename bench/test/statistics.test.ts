import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { coverageOf, noises } from '../statistics/coverage.js'
import { halfWidth, meanOf, ratioOf } from '../statistics/interval.js'
import { quantileOf } from '../statistics/quantile.js'
import { seeded, shuffled } from '../statistics/shuffle.js'

const seed = Date.now() % 1_000_000

describe(`intervals, seed ${seed}`, () => {
  test('hold the true value in 95 of 100 runs of equal pairs, and in fewer only where noise is skewed', t => {
    for (const [name, noise] of Object.entries(noises))
      for (const rounds of [6, 30]) {
        const { share } = coverageOf(meanOf, noise, rounds, 4_000, seeded(seed))
        t.diagnostic(`${name}, ${rounds} rounds: ${share}`)
        // Four standard errors of a share of 4,000 runs are 1.4 points.
        const least = name.startsWith('skewed') ? 0.85 : 0.935
        assert.ok(share >= least && share <= 0.985, `${name}, ${rounds} rounds: ${share}`)
      }
  })

  test('of ratios are those of their logarithms: turned over, they are turned over', () => {
    const random = seeded(seed)
    const ratios = Array.from({ length: 12 }, () => 0.9 + 0.2 * random())
    const [over, under] = [ratioOf(ratios), ratioOf(ratios.map(ratio => 1 / ratio))]
    assert.ok(Math.abs(over.low * under.high - 1) < 1e-12)
    assert.ok(Math.abs(over.value * under.value - 1) < 1e-12)
    assert.ok(over.low < over.value && over.value < over.high)
  })

  test('of one value have no end that could be quoted', () => {
    assert.deepEqual(meanOf([3]), { value: 3, low: Number.NaN, high: Number.NaN })
    assert.ok(Number.isNaN(halfWidth(ratioOf([1]))))
  })

  test('of a quantile hold it in 95 of 100 runs or more, and are open where values are too few', () => {
    const random = seeded(seed)
    let held = 0
    const runs = 2_000
    for (let run = 0; run < runs; run++) {
      // Uniform values: the true 95 % quantile is 0.95.
      const { low, high } = quantileOf(Array.from({ length: 100 }, random), 0.95)
      if (low <= 0.95 && 0.95 <= high) held++
    }
    assert.ok(held / runs >= 0.935, `${held / runs}`)
    assert.ok(Number.isNaN(quantileOf([1, 2, 3], 0.95).high))
    assert.equal(quantileOf([5, 1, 3], 0.5).value, 3)
  })
})

test(`each order of a shuffle is as likely as any, seed ${seed}`, () => {
  const random = seeded(seed)
  const counts = new Map<string, number>()
  for (let run = 0; run < 6_000; run++) {
    const order = shuffled(['a', 'b', 'c'], random).join('')
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  assert.equal(counts.size, 6)
  for (const count of counts.values()) assert.ok(Math.abs(count - 1_000) < 150, `${count}`)
})
