import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ask } from '../dist/cli/ask.js'
import { liveRoutes } from '../dist/cli/index-live.js'
import type { HistogramPoint } from '../dist/model.js'
import type { Store } from '../dist/store/store.js'
import { withPlace } from './running.js'

const route = 'GET /things'

/** A report that ends now, of requests that took about so many seconds each. */
async function report(store: Store, seconds: number, count = 20): Promise<void> {
  const endNs = BigInt(Date.now()) * 1_000_000n + 500_000n
  const point: HistogramPoint = {
    metric: 'http.server.request.duration',
    service: 'shop',
    instance: 'one',
    startNs: endNs - 1_000_000_000n,
    endNs,
    attributes: { 'http.request.method': 'GET', 'http.route': '/things' },
    histogram: {
      count,
      sum: count * seconds,
      scale: 3,
      zeroCount: 0,
      offset: Math.round(Math.log2(seconds) * 8),
      buckets: [count],
    },
    sampled: false,
  }
  await store.write({ spans: [], histograms: [point], counters: [] })
}

const askOf =
  (url: string): Ask =>
  async <Answer>(path: string, parameters: Record<string, string>) => {
    const response = await fetch(`${url}/api/${path}?${new URLSearchParams(parameters)}`)
    assert.equal(response.status, 200)
    return (await response.json()) as Answer
  }

test('requests of before the index are not counted, though their report comes after it', () =>
  withPlace(async place => {
    const { url, store } = await place.start({})
    const { signal } = new AbortController()
    const end = new AbortController()
    const ask = askOf(url)
    const asking: Ask = async (path, parameters) => {
      const answer = await ask(path, parameters)
      // What was under way when the index was ready.
      if (path === 'clock') await report(store, 1, 2_000)
      return answer as never
    }
    const measuring = liveRoutes(asking, [route], { forMs: 20_000, signal }).finally(() =>
      end.abort(),
    )
    while (!end.signal.aborted) {
      await new Promise(resolve => setTimeout(resolve, 100))
      await report(store, 0.005)
    }
    const [found] = await measuring
    assert.equal(found?.route, route)
    assert.ok((found?.p50Ms ?? Infinity) < 10, JSON.stringify(found))
    assert.equal((found?.requests ?? 1) % 20, 0)
  }))

test('what nobody asks for is not measured', () =>
  withPlace(async place => {
    const { url } = await place.start({})
    const { signal } = new AbortController()
    assert.deepEqual(await liveRoutes(askOf(url), [route], { forMs: 50, signal }), [])
  }))
