import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeTallies, tallied, tally } from '../dist/trace/tallies.js'

test('what a fix counts of itself is bounded, and nothing of it is lost', () => {
  for (let n = 0; n < 2_500; n++) tally('hotpath.batch.off', { 'http.route': `/${n}` }, 2)
  tally('hotpath.batch.off', { 'http.route': '/0' })
  tally('hotpath.pool.late', {})
  const taken = takeTallies()
  assert.equal(taken.length, 2_002)
  const sum = (name: string) =>
    taken.filter(one => one.name === name).reduce((all, { n }) => all + n, 0)
  assert.equal(sum('hotpath.batch.off'), 5_001)
  assert.equal(sum('hotpath.pool.late'), 1)
  assert.deepEqual(
    taken.filter(({ attributes }) => attributes['otel.metric.overflow'] === true).map(({ n }) => n),
    [1_000, 1],
  )
  assert.deepEqual(tallied(), [])
})
