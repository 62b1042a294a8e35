import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Spread } from '../../dist/model.js'
import { figuresOf } from '../../dist/predict/verdict.js'

const shown = (before: Spread, after: Spread) =>
  figuresOf({
    before,
    after,
    requests: 100,
    throughput: 1,
    savedMs: 0,
    savedMsPerHour: 0,
    distribution: { fromMs: [], before: [], after: [] },
  })
const spread = (p95Ms: number | null, averageMs: number): Spread => ({
  p50Ms: null,
  p95Ms,
  averageMs,
})

describe('what a fix would gain is said of', () => {
  test('the 95th percentile, where it gains', () => {
    assert.equal(shown(spread(300, 200), spread(110, 75)).at, 'at p95')
    assert.equal(shown(spread(300, 200), spread(280, 150)).at, 'at p95')
  })

  test('the average, where the slowest requests gain nothing: 534 ms to 534 ms is no news', () => {
    const { at, fromMs, toMs } = shown(spread(534, 260), spread(534, 196))
    assert.deepEqual([at, fromMs, toMs], ['on average', 260, 196])
  })

  test('the average, where there are too few requests for a percentile', () => {
    assert.equal(shown(spread(null, 260), spread(null, 196)).at, 'on average')
  })

  test('the 95th percentile, where nothing gains', () => {
    assert.equal(shown(spread(534, 260), spread(534, 259)).at, 'at p95')
  })
})
