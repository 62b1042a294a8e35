import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answer } from '../../dist/api/answer.js'
import type { RoutesAnswer, TimelineAnswer } from '../../dist/api/answers.js'
import type { Batch, Store } from '../../dist/store/store.js'
import { pointOf, times, withStore } from '../store-of.js'

const nowMs = 1_800_000_000_000
const duration = 'http.server.request.duration'
const route = (name: string, status = 200) => ({
  'http.request.method': 'GET',
  'http.route': name,
  'http.response.status_code': status,
})
const ask = async <Answer>(store: Store, path: string, query = ''): Promise<Answer> =>
  (await answer(store, path, new URLSearchParams(query), nowMs)) as Answer

/** Of the last three minutes: 30 fast requests, 40 slow ones of which 10 failed, nothing. */
const recorded: Partial<Batch>[] = [
  {
    histograms: [
      pointOf(duration, route('/menu'), times(30, 5), nowMs - 130_000),
      pointOf(duration, route('/users'), times(30, 200), nowMs - 70_000),
      pointOf(duration, route('/users', 500), times(10, 900), nowMs - 70_000),
    ],
  },
]

describe('the timeline', () => {
  test('has a point for each step, those in which nothing happened included', () =>
    withStore(recorded, async store => {
      const { stepMs, points } = await ask<TimelineAnswer>(store, 'timeline', 'since=15m')
      assert.deepEqual([stepMs, points.length], [15_000, 60])
      for (const [i, { startMs }] of points.entries())
        assert.equal(startMs, nowMs - 900_000 + i * 15_000)
      const filled = points.filter(point => point.count > 0)
      assert.deepEqual(
        filled.map(({ startMs, count, errors }) => [startMs - nowMs, count, errors]),
        [
          [-135_000, 30, 0],
          [-75_000, 40, 10],
        ],
      )
      const [fast, slow] = filled
      assert.ok(Math.abs((fast?.p50Ms ?? 0) / 5 - 1) < 0.03, `${fast?.p50Ms} ms`)
      assert.ok(Math.abs((slow?.p99Ms ?? 0) / 900 - 1) < 0.03, `${slow?.p99Ms} ms`)
      assert.ok(Math.abs((slow?.averageMs ?? 0) - 375) < 1e-6, `${slow?.averageMs} ms`)
      const empty = points.filter(point => point.count === 0)
      assert.ok(empty.every(({ averageMs, p50Ms }) => averageMs === null && p50Ms === null))
    }))

  test('of one route leaves the others out, and says no percentile of too few', () =>
    withStore(recorded, async store => {
      const query = new URLSearchParams({ route: 'GET /menu', since: '15m' }).toString()
      const { points, route } = await ask<TimelineAnswer>(store, 'timeline', query)
      assert.equal(route, 'GET /menu')
      assert.equal(
        points.reduce((sum, point) => sum + point.count, 0),
        30,
      )
      const few = [{ histograms: [pointOf(duration, {}, times(19, 5), nowMs - 100_000)] }]
      await withStore(few, async rare => {
        const found = (await ask<TimelineAnswer>(rare, 'timeline')).points.find(p => p.count > 0)
        assert.deepEqual([found?.count, found?.p50Ms], [19, null])
      })
    }))

  test('shows latency in bands, four to a factor of ten', () =>
    withStore(recorded, async store => {
      const { heatmap, points } = await ask<TimelineAnswer>(store, 'timeline')
      assert.deepEqual(
        heatmap.fromMs.map(from => Number(from.toPrecision(3))),
        [3.16, 5.62, 10, 17.8, 31.6, 56.2, 100, 178, 316, 562],
      )
      for (const [i, row] of heatmap.counts.entries())
        assert.equal(
          row.reduce((sum, n) => sum + n, 0),
          points[i]?.count,
        )
      const slow = heatmap.counts[points.findIndex(point => point.errors > 0)]
      assert.deepEqual(slow, [0, 0, 0, 0, 0, 0, 0, 30, 0, 10])
    }))

  test('spreads a report of a minute over its minute, and loses no request', () =>
    withStore(
      [
        {
          histograms: [
            {
              ...pointOf(duration, route('/menu'), times(50, 5), nowMs - 60_000),
              startNs: BigInt(nowMs - 120_000) * 1_000_000n,
            },
          ],
        },
      ],
      async store => {
        const { points } = await ask<TimelineAnswer>(store, 'timeline')
        assert.deepEqual(
          points.map(point => point.count).filter(count => count > 0),
          [13, 12, 13, 12],
        )
        const { routes } = await ask<RoutesAnswer>(store, 'routes')
        assert.equal(routes[0]?.count, 50)
      },
    ))

  test('is bounded for any window, and refuses what is not known', () =>
    withStore(recorded, async store => {
      for (const since of ['1s', '90s', '3d', '999w', '1970-01-01']) {
        const { points, stepMs, heatmap } = await ask<TimelineAnswer>(
          store,
          'timeline',
          `since=${since}`,
        )
        assert.ok(points.length <= 240, `${since}: ${points.length} points`)
        assert.ok(heatmap.fromMs.length * points.length <= 20_000)
        assert.ok(points.every(point => point.startMs % stepMs === 0 && stepMs % 1_000 === 0))
      }
      await assert.rejects(ask(store, 'timeline', 'rout=x'), { code: 'PARAMETER_UNKNOWN' })
    }))
})
