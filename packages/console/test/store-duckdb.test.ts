import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { HistogramPoint } from '../dist/model.js'
import { openStore } from '../dist/store/open.js'
import { tableOf } from '../dist/store/span-table.js'
import type { Batch } from '../dist/store/store.js'
import { storeContract } from './store-contract.js'
import { spanOf } from './store/batches.js'
import { pointOf, withStore } from './store-of.js'

storeContract('DuckDB', place => openStore({ path: join(place, 'store.duckdb') }))

describe('DuckDB', () => {
  test('of a batch that is refused nothing is in the next, neither its rows nor its empty places', async () => {
    const endMs = 1_700_000_000_000
    const metric = 'http.server.request.duration'
    const point = pointOf(metric, { 'http.route': '/r' }, [500], endMs)
    const { count, sum, zeroCount, offset, buckets } = point.histogram
    const withScale = (scale: number): HistogramPoint => ({
      ...point,
      histogram: { count, sum, zeroCount, offset, buckets, scale },
    })
    await withStore([], async store => {
      const write = (...histograms: HistogramPoint[]) =>
        store.write({ spans: [], counters: [], histograms })
      // Both have no least and no greatest value, and the scale of the second is none.
      const refused = write(withScale(4), withScale(300))
      await assert.rejects(refused, /300 does not fit/)
      await write(point, { ...point, endNs: point.endNs - 1n })
      const series = await store.series(metric, { sinceMs: endMs - 60_000, untilMs: endMs + 1 })
      assert.deepEqual(
        series.map(({ histogram: { count, min, max } }) => ({ count, min, max })),
        [{ count: 2, min: 0.5, max: 0.5 }],
      )
    })
  })

  test('a row without a value leaves no empty place to the batches after it', async () => {
    const endMs = 1_700_000_000_000
    const metric = 'http.server.request.duration'
    const point = pointOf(metric, { 'http.route': '/with' }, [500], endMs)
    const { count, sum, zeroCount, offset, buckets, scale } = point.histogram
    const without = {
      ...point,
      attributes: { 'http.route': '/without' },
      histogram: { count, sum, zeroCount, offset, buckets, scale },
    }
    await withStore([{ histograms: [without] }, { histograms: [point] }], async store => {
      const series = await store.series(metric, { sinceMs: endMs - 60_000, untilMs: endMs + 1 })
      const least = new Map(
        series.map(({ attributes, histogram }) => [attributes['http.route'], histogram.min]),
      )
      assert.deepEqual([least.get('/without'), least.get('/with')], [undefined, 0.5])
    })
  })

  test('what could not be sent to its thread takes no text from what is written after it', async () => {
    const span = spanOf(1, 0)
    const { texts } = tableOf([span])
    // What the intake writes: columns that go over to the store, with texts that come again.
    const batch = (value: unknown): Batch => ({
      spans: { ...tableOf([span]), texts },
      histograms: [],
      counters: [{ ...span, name: 'hits', endNs: span.startNs, value: value as number }],
    })
    await withStore([batch(1)], async store => {
      await assert.rejects(store.write(batch(() => 1)), /could not be cloned/)
      await store.write(batch(1))
      await store.write(batch(1))
      assert.deepEqual(await store.spans(span.traceId), [span])
    })
  })
})
