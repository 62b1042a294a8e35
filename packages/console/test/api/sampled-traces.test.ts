import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SampledTraces } from '../../dist/api/sampled-traces.js'
import type { Batch, SampledTrace, Store } from '../../dist/store/store.js'
import { withConsole } from '../running.js'
import { traceOf, withStore } from '../store-of.js'

const startMs = 1_800_000_000_000

/** Five spans. */
const request = `
  GET /users   ================   server
    users       =                 select id from users
    address       =               select street from addresses where user_id = $1 #a
    address         =             select street from addresses where user_id = $1 #b
    address           =           select street from addresses where user_id = $1 #c
`

/** Trace `n` of the drawing; all of one route. */
const spansOf = (n: number) => traceOf(n, startMs + n * 1_000, request)
const batchOf = (...numbers: number[]): Batch => ({
  spans: numbers.flatMap(spansOf),
  histograms: [],
  counters: [],
})
const idOf = (n: number): string => n.toString(16).padStart(2, '0').repeat(16)
const idsOf = (traces: readonly { readonly traceId: string }[]): string[] =>
  traces.map(({ traceId }) => traceId)

const all = (store: Store): Promise<readonly SampledTrace[]> => store.sample({ sinceMs: 0 }, 1_000)

/** A store that notes which traces were read from it. */
function noting(store: Store): { readonly spansOf: Store['spansOf']; taken(): string[] } {
  let read: string[] = []
  return {
    spansOf: (traces, limit) => {
      read.push(...idsOf(traces))
      return store.spansOf(traces, limit)
    },
    taken: () => {
      const taken = read
      read = []
      return taken
    },
  }
}

describe('sampled traces', () => {
  test('come in the order of the sample, and are read once', () =>
    withStore([batchOf(1, 2, 3)], async store => {
      const noted = noting(store)
      const kept = new SampledTraces(noted, 1_000)
      const sample = await all(store)
      const first = await kept.of(sample)
      assert.deepEqual(idsOf(first), idsOf(sample))
      assert.deepEqual(
        first.map(trace => trace.spans.length),
        [5, 5, 5],
      )
      assert.deepEqual(noted.taken().toSorted(), [1, 2, 3].map(idOf))
      const again = await kept.of(sample.toReversed())
      assert.deepEqual(again, first.toReversed())
      assert.deepEqual(noted.taken(), [])
    }))

  test('are read again when they have grown, the others not', () =>
    withStore([batchOf(1), { spans: spansOf(2).slice(0, 3) }], async store => {
      const noted = noting(store)
      const kept = new SampledTraces(noted, 1_000)
      const sizes = async (): Promise<object> =>
        Object.fromEntries(
          (await kept.of(await all(store))).map(trace => [trace.traceId, trace.spans.length]),
        )
      assert.deepEqual(await sizes(), { [idOf(1)]: 5, [idOf(2)]: 3 })
      noted.taken()
      await store.write({ spans: spansOf(2).slice(3), histograms: [], counters: [] })
      assert.deepEqual(await sizes(), { [idOf(1)]: 5, [idOf(2)]: 5 })
      assert.deepEqual(noted.taken(), [idOf(2)])
      assert.equal(kept.spans, 10)
    }))

  test('are kept up to so many spans: what was used longest ago goes first', () =>
    withStore([batchOf(1, 2, 3, 4)], async store => {
      const noted = noting(store)
      const kept = new SampledTraces(noted, 15)
      const byId = new Map((await all(store)).map(one => [one.traceId, one]))
      const ask = async (...numbers: number[]): Promise<string[]> => {
        const wanted = numbers.flatMap(n => byId.get(idOf(n)) ?? [])
        assert.deepEqual(idsOf(await kept.of(wanted)), idsOf(wanted))
        assert.ok(kept.spans <= 15, `${kept.spans} spans are kept`)
        return noted.taken()
      }
      assert.deepEqual(await ask(1, 2, 3), [1, 2, 3].map(idOf))
      assert.deepEqual(await ask(1), [])
      assert.deepEqual(await ask(4), [4].map(idOf))
      assert.deepEqual(await ask(1, 3, 4), [])
      assert.deepEqual(await ask(2), [2].map(idOf))
      // More than may be kept: the end of the sample is left out, and nothing else is forgotten for it.
      const sample = [...byId.values()]
      assert.deepEqual(idsOf(await kept.of(sample)), idsOf(sample).slice(0, 3))
      assert.equal(kept.spans, 15)
    }))

  test('of two who ask at once are read once', () =>
    withStore([batchOf(1, 2, 3)], async store => {
      const noted = noting(store)
      const kept = new SampledTraces(noted, 1_000)
      const sample = await all(store)
      const [one, other] = await Promise.all([kept.of(sample), kept.of(sample)])
      assert.deepEqual(one, other)
      assert.equal(noted.taken().length, 3)
    }))

  test('that are gone from the store are left out; a store that fails is asked again', () =>
    withStore([batchOf(1, 2)], async store => {
      const sample = await all(store)
      let broken = true
      const kept = new SampledTraces(
        {
          spansOf: (traces, limit) =>
            broken ? Promise.reject(new Error('broken')) : store.spansOf(traces, limit),
        },
        1_000,
      )
      await assert.rejects(kept.of(sample), /broken/)
      broken = false
      await store.prune({ maxAgeMs: 0, maxBytes: 1e12, nowMs: startMs + 1_500 })
      assert.deepEqual(idsOf(await kept.of(sample)), [idOf(2)])
    }))

  test('let other answers through between two of them, also when nothing is left to read', () =>
    withConsole(async ({ url, store }) => {
      await store.write(batchOf(...Array.from({ length: 200 }, (_, n) => n + 1)))
      const health = async (): Promise<unknown> => (await fetch(`${url}/healthz`)).text()
      await health()
      const sample = await all(store)
      const order: string[] = []
      const others: Promise<unknown>[] = []
      const kept = new SampledTraces(
        {
          spansOf: async (traces, limit) => {
            const spans = await store.spansOf(traces, limit)
            others.push(health().then(() => order.push('health')))
            return spans
          },
        },
        10_000,
      )
      await kept.of(sample).then(() => order.push('traces'))
      assert.equal(others.length, 1, 'all were read at once')
      await Promise.all(others)
      assert.deepEqual(order, ['health', 'traces'])
    }))
})
