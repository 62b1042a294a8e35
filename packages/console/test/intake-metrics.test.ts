import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fromExplicit, bucketOf, lowerScale } from '../dist/intake/histogram.js'
import type { Histogram } from '../dist/model.js'
import { protobuf } from './intake/encode.js'
import {
  attributes,
  explicit,
  exponential,
  metrics,
  nowNs,
  resource,
  span,
  traces,
} from './intake/requests.js'
import { countOf, requests, send } from './intake/sending.js'
import { always, asProtobuf, post, withConsole } from './running.js'

const total = (histogram: Histogram): number =>
  histogram.zeroCount + histogram.buckets.reduce((a, b) => a + b, 0)

describe('histograms', () => {
  test('with exponential buckets are kept as they are, from either encoding', async () => {
    for (const binary of [false, true])
      await withConsole(async ({ url, store }) => {
        const request = metrics([exponential(3)])
        await (binary
          ? post(`${url}/v1/metrics`, protobuf('metrics', request), asProtobuf)
          : post(`${url}/v1/metrics`, request))
        assert.deepEqual(await store.series(requests, always), [
          {
            service: 'shop',
            attributes: { 'http.request.method': 'GET', 'http.route': '/orders/:id' },
            sampled: false,
            histogram: { count: 3, sum: 3 / 64, zeroCount: 0, scale: 4, offset: -96, buckets: [3] },
          },
        ])
      })
  })

  test('with explicit buckets are converted: no count is lost, none leaves its bucket', () => {
    const bounds = fc
      .uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 12 })
      .map(list => list.sort((a, b) => a - b).map(ms => ms / 1_000))
    const cases = bounds.chain(list =>
      fc.tuple(
        fc.constant(list),
        fc.array(fc.nat({ max: 1_000 }), {
          minLength: list.length + 1,
          maxLength: list.length + 1,
        }),
      ),
    )
    fc.assert(
      fc.property(cases, ([list, counts]) => {
        const histogram = fromExplicit({ sum: 1, bounds: list, counts })
        assert.equal(total(histogram), histogram.count)
        for (const bound of list) {
          // One bucket of the result may lie across a bound; what is wholly below and above is exact.
          const across = bucketOf(bound, histogram.scale)
          const upTo = (last: number): number =>
            histogram.buckets
              .slice(0, Math.max(0, last - histogram.offset + 1))
              .reduce((a, b) => a + b, 0)
          const below = counts.slice(0, list.indexOf(bound) + 1).reduce((a, b) => a + b, 0)
          assert.ok(upTo(across - 1) <= below && below <= upTo(across + 1), `bound ${bound}`)
        }
      }),
    )
  })

  test('lose nothing at a lower scale: each bucket holds exactly the values of the two above it', () => {
    const values = fc.array(fc.double({ min: 1e-6, max: 1e3, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 4 }), (list, scale) => {
        const count = (at: number): Map<number, number> => {
          const counts = new Map<number, number>()
          for (const value of list)
            counts.set(bucketOf(value, at), (counts.get(bucketOf(value, at)) ?? 0) + 1)
          return counts
        }
        const fine = count(4)
        const first = Math.min(...fine.keys())
        const last = Math.max(...fine.keys())
        const buckets = Array.from({ length: last - first + 1 }, (_, i) => fine.get(first + i) ?? 0)
        const whole = { count: list.length, sum: 0, zeroCount: 0, scale: 4, offset: first, buckets }
        const lower = lowerScale(whole, 4 - scale)
        for (const [index, n] of count(scale)) assert.equal(lower.buckets[index - lower.offset], n)
      }),
    )
  })

  test('in milliseconds and under the old names are the same series in seconds', async () => {
    await withConsole(async running => {
      const old = explicit(
        [5, 10, 25],
        [0, 0, 4, 0],
        {
          attributes: attributes({
            'http.method': 'GET',
            'http.route': '/orders/:id',
            'net.host.name': 'a',
          }),
          sum: 80,
          max: 24,
        },
        { name: 'http.server.duration', unit: 'ms' },
      )
      await send(running, [old])
      const [series] = await running.store.series(requests, always)
      assert.deepEqual(series?.attributes, {
        'http.request.method': 'GET',
        'http.route': '/orders/:id',
      })
      assert.equal(series?.histogram.sum, 0.08)
      assert.equal(series?.histogram.max, 0.024)
      const { offset = 0, buckets = [] } = series?.histogram ?? {}
      assert.ok(offset >= bucketOf(0.01, 4) && offset + buckets.length - 1 <= bucketOf(0.024, 4))
    })
  })

  test('that contradict themselves are refused one by one', async () => {
    await withConsole(async running => {
      const json = await send(running, [
        exponential(3),
        exponential(3, { count: '4' }),
        exponential(3, { scale: 99 }),
        exponential(3, { sum: -1 }),
        exponential(3, { positive: { offset: 2_000_000_000, bucketCounts: ['3'] } }),
        explicit([2, 1], [1, 1, 1]),
        explicit([1, 2], [1, 1]),
        explicit([1], [1, 1], {}, { name: requests, unit: 'parsec', temporality: 1 }),
        explicit([1], [1, 1], {}, { name: requests, unit: 's', temporality: 0 }),
        { name: requests, gauge: { dataPoints: [] } },
        { name: 'process.cpu.time', gauge: { dataPoints: [{ asDouble: 1 }] } },
      ])
      assert.match(
        JSON.stringify(json),
        /"rejectedDataPoints":"9".*do not add up.*parsec|unknown unit/,
      )
      assert.equal(await countOf(running), 3)
    })
  })
})

describe('a point that is made to cost', () => {
  test('has no more buckets than durations, however far apart its bounds are', async () => {
    await withConsole(async running => {
      const point = explicit([1e-320, 1e308], [5, 1_000_000, 7], { sum: 1, count: '1000012' })
      await send(running, [point])
      const [series] = await running.store.series(requests, always)
      assert.equal(series?.histogram.count, 1_000_012)
      assert.ok((series?.histogram.buckets.length ?? 0) <= 320)
    })
  })

  test('and a sequence beyond all whole numbers is refused, alone', async () => {
    await withConsole(async running => {
      const body = JSON.stringify(metrics([exponential(5)], { sequence: 1 })).replace(
        '{"intValue":"1"}',
        '{"doubleValue":1e300}',
      )
      const { status } = await post(`${running.url}/v1/metrics`, body)
      assert.equal(status, 400)
      await send(running, [exponential(5)])
      assert.equal(await countOf(running), 5)
    })
  })
})

test('requests that are counted under the old and the new name count once', async () => {
  await withConsole(async running => {
    const old = { name: 'http.server.duration', unit: 'ms', temporality: 1 }
    await send(running, [explicit([10, 20], [1, 2, 3], {}, old), explicit([0.01, 0.02], [1, 2, 3])])
    assert.equal(await countOf(running), 6)
    await send(running, [explicit([10, 20], [1, 2, 3], {}, old)])
    assert.equal(await countOf(running), 12)
  })
})

describe('spans without histograms', () => {
  test('are counted from the spans, and marked as sampled', async () => {
    await withConsole(async running => {
      const client = span({
        spanId: 'c'.repeat(16),
        kind: 3,
        attributes: attributes({ 'db.system': 'postgresql', 'db.statement': 'select 1' }),
      })
      await post(`${running.url}/v1/traces`, traces([span(), client]))
      const [route] = await running.store.series(requests, always)
      assert.deepEqual([route?.sampled, route?.histogram.count], [true, 1])
      const [statement] = await running.store.series('db.client.operation.duration', always)
      assert.deepEqual(statement?.attributes, {
        'db.system.name': 'postgresql',
        'db.query.text': 'select ?',
        'db.operation.name': 'SELECT',
      })
    })
  })

  test('are not counted twice once the process sends histograms, whichever came first', async () => {
    for (const spansFirst of [true, false])
      await withConsole(async running => {
        const sendSpans = (): Promise<unknown> => post(`${running.url}/v1/traces`, traces([span()]))
        if (spansFirst) await sendSpans()
        await send(running, [exponential(5)])
        if (!spansFirst) await sendSpans()
        // Another process of the service sends none.
        await post(`${running.url}/v1/traces`, traces([span()], resource('shop', 'process 2')))
        const series = await running.store.series(requests, always)
        assert.deepEqual(series.map(each => [each.sampled, each.histogram.count]).sort(), [
          [false, 5],
          [true, 1],
        ])
      })
  })

  test('of our recorder are not counted at all: it counts every request itself', async () => {
    await withConsole(async running => {
      const recorder = resource('shop', 'p', { 'telemetry.sdk.name': 'hotpath' })
      await post(`${running.url}/v1/traces`, traces([span()], recorder))
      assert.deepEqual(await running.store.series(requests, always), [])
    })
  })
})

describe('counters', () => {
  test('of the recorder are kept, others are not', async () => {
    const counter = (name: string, value: number): object => ({
      name,
      sum: {
        aggregationTemporality: 1,
        isMonotonic: true,
        dataPoints: [
          {
            timeUnixNano: String(nowNs()),
            asInt: String(value),
            attributes: attributes({ reason: 'ring', what: 'spans' }),
          },
        ],
      },
    })
    await withConsole(async running => {
      await send(running, [counter('hotpath.recorder.dropped', 4), counter('cpu.time', 9)])
      await send(running, [counter('hotpath.recorder.dropped', 3)])
      const counters = await running.store.counters(always)
      assert.deepEqual(
        counters.map(({ name, value, attributes: of }) => ({ name, value, of })),
        [{ name: 'hotpath.recorder.dropped', value: 7, of: { reason: 'ring', what: 'spans' } }],
      )
    })
  })
})

describe('deliveries with a number', () => {
  test('count once, however often they come, and gaps are shown', async () => {
    await withConsole(async running => {
      for (const sequence of [1, 2, 2, 1, 4, 4])
        await send(running, [exponential(10)], { sequence })
      assert.equal(await countOf(running), 30)
      assert.deepEqual(await running.store.deliveries(always), [
        { service: 'shop', instance: 'process 1', received: 3, lastSequence: 4, missing: 1 },
      ])
      const status = (await (await fetch(`${running.url}/api/status`)).json()) as {
        notes: string[]
      }
      assert.match(status.notes.join(' '), /never came/)
    })
  })

  test('with a number that is none are refused', async () => {
    await withConsole(async ({ url }) => {
      for (const sequence of [0, -1, 1.5]) {
        const { status } = await post(`${url}/v1/metrics`, metrics([exponential(1)], { sequence }))
        assert.equal(status, 400)
      }
    })
  })
})
