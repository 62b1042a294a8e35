import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Backlog, MAX_DELIVERIES, MAX_SERIES_HELD } from '../dist/trace/backlog.js'
import { ExponentialHistogram } from '../dist/trace/histogram.js'
import type { Delivery } from '../dist/trace/wire.js'

const SECOND = 1000
const routes = Array.from({ length: 500 }, (_, n) => ({ 'http.route': `/r${n}` }))

/** The deliveries of a second each, with the durations of requests by route. */
function delivery(second: number, durations: readonly (readonly number[])[]): Delivery {
  return {
    sequence: 0,
    originMs: 1e12,
    startMs: second * SECOND,
    endMs: (second + 1) * SECOND,
    series: durations.map((list, n) => {
      const histogram = new ExponentialHistogram()
      for (const seconds of list) histogram.record(seconds)
      const attributes = routes[n] as Record<string, string>
      return { metric: 'http.server.request.duration', attributes, delta: histogram.take() }
    }),
    gauges: [
      { name: 'process.cpu.time', unit: 's', kind: 'used', attributes: {}, value: 0.25 },
      { name: 'process.memory.usage', unit: 'By', kind: 'level', attributes: {}, value: second },
    ],
    tallies: [{ name: 'hotpath.pool.leaks', attributes: { pool: 'a' }, n: 3 }],
    dropped: [['spans', 'queue', 2]],
    errors: [['a.place', 1]],
  }
}

function drained(backlog: Backlog): Delivery[] {
  const all: Delivery[] = []
  for (let one = backlog.take(); one !== undefined; one = backlog.take()) all.push(one)
  return all
}

describe('what waits for the console', () => {
  test('is at most sixty deliveries of whole, adjoining stretches of time', () => {
    const backlog = new Backlog()
    const seconds = 1000
    for (let second = 0; second < seconds; second++) backlog.add(delivery(second, [[0.1], [0, 3]]))
    assert.equal(backlog.length, MAX_DELIVERIES)
    const all = drained(backlog)
    assert.equal(backlog.length, 0)
    assert.equal(all[0]?.startMs, 0)
    assert.equal(all.at(-1)?.endMs, seconds * SECOND)
    for (const [at, one] of all.entries()) {
      if (at > 0) assert.equal(one.startMs, all[at - 1]?.endMs)
      const took = (one.endMs - one.startMs) / SECOND
      assert.ok(took <= (2 * seconds) / MAX_DELIVERIES, `a step of ${took} s`)
      // Each second had three requests of two routes, two drops, one error.
      assert.deepEqual(
        one.series.map(({ delta }) => delta.count),
        [took, 2 * took],
      )
      assert.deepEqual(one.dropped, [['spans', 'queue', 2 * took]])
      assert.deepEqual(one.errors, [['a.place', took]])
      assert.deepEqual(
        one.tallies.map(({ n }) => n),
        [3 * took],
      )
      // Processor time was used in each second; memory is what it was at the end.
      assert.deepEqual(
        one.gauges.map(({ value }) => value),
        [0.25 * took, one.endMs / SECOND - 1],
      )
    }
  })

  test('is counted as if it had been counted at once', () => {
    const backlog = new Backlog()
    const durations = Array.from({ length: 61 }, (_, n) => [n % 7 === 0 ? 0 : 1.7 ** (n - 30)])
    for (const [second, list] of durations.entries()) backlog.add(delivery(second, [list]))
    const whole = new ExponentialHistogram()
    for (const seconds of durations.slice(0, 2).flat()) whole.record(seconds)
    const [merged] = drained(backlog)
    assert.equal(merged?.endMs, 2 * SECOND)
    assert.deepEqual(merged?.series[0]?.delta, whole.take())
  })

  test('has a bound on its series, however few deliveries they are in', () => {
    const backlog = new Backlog()
    const busy = routes.map(() => [0.1])
    for (let second = 0; second < 55; second++) backlog.add(delivery(second, busy))
    assert.ok(backlog.length <= MAX_SERIES_HELD / routes.length, String(backlog.length))
    const counts = drained(backlog).flatMap(({ series }) => series.map(({ delta }) => delta.count))
    assert.equal(
      counts.reduce((sum, n) => sum + n, 0),
      55 * routes.length,
    )
  })
})
