import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import type { GaugeSeries, Series, Store, TimelineStep, Window } from '../dist/store/store.js'
import { baseMs, batch, spanOf } from './store/batches.js'
import { rounded, same, sorted, spread } from './store/compare.js'
import { ModelStore, trimmed } from './store/model.js'

/** How a driver is opened: the same `place` (a directory) twice in a row must give the same data. */
export type OpenStore = (place: string) => Promise<Store>

const windows: readonly Window[] = [
  { sinceMs: 0 },
  { sinceMs: baseMs + 3_000, untilMs: baseMs + 9_000 },
  { sinceMs: 0, service: 'mail' },
  { sinceMs: baseMs + 2_000, service: 'shop' },
]

type Step =
  | { readonly kind: 'write'; readonly batches: readonly Parameters<Store['write']>[0][] }
  | { readonly kind: 'restart' }
  | { readonly kind: 'prune'; readonly beforeS: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .array(batch, { minLength: 1, maxLength: 5 })
        .map(batches => ({ kind: 'write' as const, batches })),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
    {
      weight: 1,
      arbitrary: fc.nat({ max: 12 }).map(beforeS => ({ kind: 'prune' as const, beforeS })),
    },
  ),
  { minLength: 1, maxLength: 8 },
)

/** A point of no length whose nanosecond is the last of a window: it belongs to the window's timeline. */
const pointAtEndOfWindow: Step[] = [
  {
    kind: 'write',
    batches: [
      {
        spans: [],
        histograms: [
          {
            metric: 'http.server.request.duration',
            attributes: {},
            sampled: false,
            service: 'shop',
            instance: 'process 0',
            startNs: BigInt(baseMs + 9_000) * 1_000_000n,
            endNs: BigInt(baseMs + 9_000) * 1_000_000n,
            histogram: { count: 1, sum: 0.25, scale: 0, offset: 0, buckets: [0], zeroCount: 1 },
          },
        ],
        counters: [],
      },
    ],
  },
]

/** What every driver of `Store` must do, shown against a model of plain lists. */
export function storeContract(name: string, open: OpenStore): void {
  describe(`the store on ${name}`, () => {
    const places: string[] = []
    const newPlace = (): string => {
      const place = mkdtempSync(join(tmpdir(), 'hotpath-store-'))
      places.push(place)
      return place
    }
    after(() => {
      for (const place of places) rmSync(place, { recursive: true, force: true })
    })

    test('answers as plain lists would, after any writes, repetitions, restarts and prunes', async () => {
      await fc.assert(
        fc.asyncProperty(steps, async list => {
          const place = newPlace()
          const model = new ModelStore()
          let store = await open(place)
          try {
            for (const step of list) {
              if (step.kind === 'write') {
                // Together, so that they are committed in groups; a driver keeps their order.
                const results = await Promise.all(step.batches.map(each => store.write(each)))
                assert.deepEqual(
                  results.map(result => result.repeated),
                  step.batches.map(each => model.write(each)),
                )
              } else if (step.kind === 'prune') {
                const nowMs = baseMs + step.beforeS * 1_000
                await store.prune({ maxAgeMs: 0, maxBytes: 1e12, nowMs })
                model.prune(BigInt(nowMs) * 1_000_000n)
              } else {
                await store.close()
                store = await open(place)
              }
            }
            await compare(store, model)
          } finally {
            await store.close()
          }
        }),
        { numRuns: 12, examples: [[pointAtEndOfWindow]] },
      )
    })

    test('gives whole traces and finds nothing where there is nothing', async () => {
      const store = await open(newPlace())
      try {
        assert.deepEqual(await store.spans('ab'.repeat(16)), [])
        assert.deepEqual(await store.sample({ sinceMs: 0 }, 5), [])
        const spans = [0, 1, 2, 3, 4, 5].map(k => spanOf(0, k))
        await store.write({ spans, histograms: [], counters: [] })
        const [first] = spans
        assert.deepEqual(await store.spans(first?.traceId ?? ''), spans)
        assert.deepEqual(await store.spans(first?.traceId ?? '', 2), spans.slice(0, 2))
        const sample = await store.sample({ sinceMs: 0 }, 1)
        assert.deepEqual(
          sample.map(({ traceId, ...one }) => [traceId, one.spans]),
          [[first?.traceId, spans.length]],
        )
        assert.deepEqual(await store.spansOf(sample, 100), [spans])
        assert.deepEqual(await store.spansOf(sample, 2), [spans.slice(0, 2)])
        const unknown = { traceId: 'ab'.repeat(16), spans: 1, fromNs: 0n, toNs: 0n }
        assert.deepEqual(await store.spansOf([unknown, ...sample], 100), [[], spans])
      } finally {
        await store.close()
      }
    })

    test('samples the same traces while traffic goes on, but for slower ones', async () => {
      const store = await open(newPlace())
      try {
        const write = (...traces: number[]): Promise<unknown> =>
          store.write({ spans: traces.map(t => spanOf(t, 0)), histograms: [], counters: [] })
        const sample = async (): Promise<string[]> =>
          (await store.sample({ sinceMs: 0 }, 2)).map(({ traceId }) => traceId)
        const idOf = (t: number): string => spanOf(t, 0).traceId
        // All of one route; they take 0, 3, 6, 1 and 9 ms.
        await write(0, 2, 4)
        assert.deepEqual(await sample(), [0, 4].map(idOf))
        await write(8)
        assert.deepEqual(await sample(), [0, 4].map(idOf))
        await write(6)
        assert.deepEqual(await sample(), [0, 6].map(idOf))
      } finally {
        await store.close()
      }
    })

    for (const [ids, from] of [
      ['count up', 1n],
      ['are all near the highest', 2n ** 64n - 1_000n],
    ] as const) {
      test(`samples the same where ids are not random: they ${ids}`, async () => {
        const store = await open(newPlace())
        try {
          const traceId = (t: number): string => (from + BigInt(t)).toString(16).padStart(32, '0')
          const spans = Array.from({ length: 900 }, (_, t) => ({
            ...spanOf(0, 0),
            traceId: traceId(t),
            durationNs: 1_000_000 + ((t * 7) % 900),
          }))
          await store.write({ spans, histograms: [], counters: [] })
          const sample = await store.sample({ sinceMs: 0 }, 2)
          const slowest = spans.reduce((a, b) => (b.durationNs > a.durationNs ? b : a))
          assert.deepEqual(
            sample.map(one => one.traceId),
            [traceId(0), slowest.traceId],
          )
        } finally {
          await store.close()
        }
      })
    }

    test('answers a small question while long ones that were asked before it wait their turn', async () => {
      const store = await open(newPlace())
      try {
        const spans = Array.from({ length: 5_000 }, (_, t) => spanOf(t, 0))
        await store.write({ spans, histograms: [], counters: [] })
        const answered: string[] = []
        const note = (what: string) => (): unknown => answered.push(what)
        await Promise.all([
          ...Array.from({ length: 20 }, () => store.sample({ sinceMs: 0 }, 5).then(note('long'))),
          store.services({ sinceMs: 0 }).then(note('small')),
          store.extent().then(note('small')),
        ])
        const before = answered.lastIndexOf('small') - 1
        assert.ok(before <= 2, `${before} of 20 long ones were answered first`)
      } finally {
        await store.close()
      }
    })

    test('finishes what is being written before it closes, and refuses what comes later', async () => {
      const place = newPlace()
      const store = await open(place)
      const writes = Array.from({ length: 20 }, (_, t) =>
        store.write({ spans: [spanOf(t, 0)], histograms: [], counters: [] }),
      )
      await store.close()
      await store.close()
      await Promise.all(writes)
      await assert.rejects(store.write({ spans: [], histograms: [], counters: [] }), {
        code: 'STORE_CLOSED',
      })
      const again = await open(place)
      assert.equal((await again.status()).spans, 20)
      await again.close()
    })

    test('drops the oldest until the rest is small enough', async () => {
      const store = await open(newPlace())
      try {
        // Random attributes, which no compression makes smaller: about 12 MB.
        for (let t = 0; t < 24; t++) {
          const spans = Array.from({ length: 1_000 }, (_, k) => ({
            ...spanOf(t, 0),
            spanId: (k + 1).toString(16).padStart(16, '0'),
            attributes: { noise: noise(t * 1_000 + k) },
          }))
          await store.write({ spans, histograms: [], counters: [] })
        }
        const all = await store.status()
        await store.prune({ maxAgeMs: 1e15, maxBytes: 4_000_000, nowMs: Date.now() })
        const rest = await store.status()
        assert.ok(rest.spans > 0 && rest.spans < all.spans, `${rest.spans} of ${all.spans} spans`)
        assert.ok(rest.bytes < all.bytes, `${rest.bytes} of ${all.bytes} bytes`)
        assert.ok((rest.oldestMs ?? 0) > (all.oldestMs ?? 0), 'the oldest go first')
        assert.equal(rest.newestMs, all.newestMs)
      } finally {
        await store.close()
      }
    })
  })
}

async function compare(store: Store, model: ModelStore): Promise<void> {
  for (const window of windows) {
    for (const metric of [
      'http.server.request.duration',
      'db.client.operation.duration',
    ] as const) {
      const tidy = (list: readonly Series[]): object[] =>
        sorted(list.map(each => ({ ...each, histogram: trimmed(each.histogram) })))
      same('series', tidy(await store.series(metric, window)), tidy(model.series(metric, window)))
    }
    for (const query of [
      { untilMs: baseMs + 30_000, ...window, stepMs: 2_000 },
      { untilMs: baseMs + 12_000, ...window, stepMs: 10_000, route: '/menu' },
    ]) {
      // A window from 1970 on has too many steps for the model, and nothing before its data.
      const asked = { ...query, sinceMs: Math.max(query.sinceMs, baseMs + 1_500) }
      const tidy = (list: readonly TimelineStep[]): object[] =>
        list.map(({ histogram, ...step }) => rounded({ ...step, ...spread(histogram) }) as object)
      const metric = 'http.server.request.duration'
      same(
        'timeline',
        tidy(await store.timeline(metric, asked)),
        tidy(model.timeline(metric, asked)),
      )
    }
    const steps = {
      untilMs: baseMs + 30_000,
      ...window,
      sinceMs: Math.max(window.sinceMs, baseMs - 1_500),
      stepMs: 4_000,
    }
    const plainly = (list: readonly GaugeSeries[]): object[] =>
      sorted(list.map(rounded) as object[])
    const some = { ...steps, names: ['process.memory.usage'] as const }
    for (const query of [steps, some])
      same('gauges', plainly(await store.gauges(query)), plainly(model.gauges(query)))
    same('processes', sorted(await store.processes(window)), sorted(model.processes(window)))
    same('counters', sorted(await store.counters(window)), sorted(model.counters(window)))
    same('deliveries', sorted(await store.deliveries(window)), sorted(model.deliveries(window)))
    same('services', await store.services(window), model.services(window))
    for (const query of [
      { ...window, limit: 100 },
      { ...window, limit: 3, order: 'slowest' as const },
      { ...window, limit: 100, route: 'GET /menu', minDurationMs: 4 },
      { ...window, limit: 100, minDurationMs: 2, maxDurationMs: 6 },
      { ...window, limit: 100, status: 'error' as const },
    ])
      same('traces', await store.traces(query), model.traces(query))
    for (const perRoute of [1, 3]) {
      const sample = await store.sample(window, perRoute)
      const ids = sample.map(({ traceId }) => traceId)
      same('ids of the sample', ids.toSorted(), [...model.sample(window, perRoute)].sort())
      same(
        'spans of the sample',
        await store.spansOf(sample, 100),
        ids.map(id => model.trace(id)),
      )
      for (const { traceId, spans } of sample)
        assert.ok(spans >= model.trace(traceId).length, 'repetitions count')
    }
  }
  for (let t = 0; t < 8; t++) {
    const id = spanOf(t, 0).traceId
    same('spans', await store.spans(id), model.trace(id))
  }
}

/** 500 characters that depend on the seed (a linear congruential generator). */
function noise(seed: number): string {
  let state = seed + 1
  return Array.from({ length: 250 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return ((state >> 8) & 255).toString(16).padStart(2, '0')
  }).join('')
}
