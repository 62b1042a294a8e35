import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { HistogramPoint, Span } from '../dist/model.js'
import { Kept } from '../dist/store/duckdb/kept.js'
import { openStore } from '../dist/store/open.js'
import type { Series, TimelineStep } from '../dist/store/store.js'
import { pointIn, spanOf } from './store/batches.js'
import { rounded, same, sorted } from './store/compare.js'
import { ModelStore, trimmed } from './store/model.js'
import { withDirectory } from './store-of.js'

/**
 * What the store keeps of the past is what it would read: it is asked the same windows again and again, while
 * late spans and points come, the oldest are dropped and the file is opened anew.
 */
const startMs = Math.ceil(1_700_000_000_000 / 600_000) * 600_000
const hours = 5
const lastSecond = hours * 3_600

const second = fc.nat({ max: lastSecond - 1 })
const timesOf = (ms: number) => ({
  startNs: BigInt(ms - 10_000) * 1_000_000n,
  endNs: BigInt(ms) * 1_000_000n,
})

/** A span of one of few traces, some of which lie hours apart; all but the client ones are entries. */
const span: fc.Arbitrary<Span> = fc
  .record({
    t: fc.nat({ max: 60 }),
    k: fc.constantFrom(0, 2, 3, 5),
    second,
    ns: fc.nat({ max: 1 }),
  })
  .map(({ t, k, second: at, ns }) => ({
    ...spanOf(t, k),
    spanId: (at * 8 + k + 1).toString(16).padStart(16, '0'),
    durationNs: 1_000_000 * ((t * 13 + k * 5 + at) % 23),
    startNs: BigInt(startMs + at * 1_000) * 1_000_000n - BigInt(ns),
  }))
const point: fc.Arbitrary<HistogramPoint> = pointIn(
  fc
    .oneof(
      second,
      second.map(at => at - (at % 600)),
    )
    .map(at => timesOf(startMs + at * 1_000 + 1_000)),
)

/** A point and a span at the end of all: what lies before them by ten minutes is over. */
const last = fc.sample(pointIn(fc.constant(timesOf(startMs + lastSecond * 1_000))), {
  numRuns: 1,
  seed: 1,
})

type Step =
  | {
      readonly kind: 'write'
      readonly spans: readonly Span[]
      readonly points: readonly HistogramPoint[]
    }
  | { readonly kind: 'restart' }
  | { readonly kind: 'prune'; readonly second: number }

const write = (most: number): fc.Arbitrary<Step> =>
  fc
    .tuple(fc.array(span, { maxLength: most }), fc.array(point, { maxLength: most }))
    .map(([spans, points]) => ({ kind: 'write', spans, points }))

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: write(3) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
    {
      weight: 1,
      arbitrary: fc.nat({ max: 5_400 }).map(at => ({ kind: 'prune' as const, second: at })),
    },
  ),
  { minLength: 4, maxLength: 7 },
)

const service = fc.constantFrom(undefined, undefined, 'shop')
const windows = fc.array(
  fc.record({ since: fc.nat({ max: 4_000 }), until: fc.nat({ max: 9_000 }), service }),
  { minLength: 1, maxLength: 2 },
)

test('what is kept of the past is what is stored', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(span, { minLength: 100, maxLength: 200 }),
      fc.array(point, { minLength: 100, maxLength: 200 }),
      steps,
      windows,
      (spans, points, list, asked) =>
        withDirectory(async directory => {
          const path = join(directory, 'store.duckdb')
          const model = new ModelStore()
          let store = await openStore({ path })
          const put = async (some: readonly Span[], histograms: readonly HistogramPoint[]) => {
            const batch = { spans: some, histograms, counters: [] }
            await store.write(batch)
            model.write(batch)
          }
          const check = async (): Promise<void> => {
            for (const { since, until, service: of } of [
              { since: 0, until: 0, service: undefined },
              ...asked,
            ]) {
              const window = {
                sinceMs: startMs + since * 1_000 - 1,
                untilMs: startMs + (lastSecond - until) * 1_000 + 1,
                ...(of === undefined ? {} : { service: of }),
              }
              const ids = (await store.sample(window, 2)).map(({ traceId }) => traceId)
              same('sample', ids.toSorted(), [...model.sample(window, 2)].sort())
              same(
                'processes',
                sorted(await store.processes(window)),
                sorted(model.processes(window)),
              )
              const metrics = [
                'http.server.request.duration',
                'db.client.operation.duration',
              ] as const
              const series = await store.seriesOf(metrics, window)
              for (const metric of metrics)
                same(
                  metric,
                  ...([series[metric], model.series(metric, window)].map(each =>
                    sorted(
                      each.map(
                        one => rounded({ ...one, histogram: trimmed(one.histogram) }) as object,
                      ),
                    ),
                  ) as [object[], object[]]),
                )
            }
          }
          await put(spans, [...points, ...last])
          await check()
          for (const step of list) {
            if (step.kind === 'write') await put(step.spans, step.points)
            else if (step.kind === 'restart') {
              await store.close()
              store = await openStore({ path })
            } else {
              const nowMs = startMs + step.second * 1_000
              await store.prune({ maxAgeMs: 0, maxBytes: 1e12, nowMs })
              model.prune(BigInt(nowMs) * 1_000_000n)
            }
            await check()
          }
          await store.close()
        }),
    ),
    { numRuns: 5 },
  )
})

/** Asked before and after each change: the first fills what is kept, the second would show it. */
test('what comes late, or for the first time, is in the next answer', () =>
  withDirectory(async directory => {
    const store = await openStore({ path: join(directory, 'store.duckdb') })
    const model = new ModelStore()
    const window = { sinceMs: startMs, untilMs: startMs + lastSecond * 1_000 }
    const metric = 'http.server.request.duration'
    const put = async (spans: Span[], histograms: HistogramPoint[]): Promise<void> => {
      const batch = { spans, histograms, counters: [] }
      await store.write(batch)
      model.write(batch)
    }
    const check = async (): Promise<void> => {
      const ids = (await store.sample(window, 2)).map(({ traceId }) => traceId)
      same('sample', ids.toSorted(), [...model.sample(window, 2)].sort())
      same('processes', sorted(await store.processes(window)), sorted(model.processes(window)))
      const counts = (list: readonly Series[]): object[] =>
        sorted(
          list.map(({ attributes, sampled, histogram: { count } }) => ({
            attributes,
            sampled,
            count,
          })),
        )
      same(
        'series',
        counts(await store.series(metric, window)),
        counts(model.series(metric, window)),
      )
      for (const stepMs of [60_000, 600_000]) {
        const steps = { ...window, stepMs }
        const counted = (list: readonly TimelineStep[]): object[] =>
          list.map(({ startMs, histogram }) => ({ startMs, count: Math.round(histogram.count) }))
        same(
          'timeline',
          counted(await store.timeline(metric, steps)),
          counted(model.timeline(metric, steps)),
        )
      }
      same('services', await store.services(window), model.services(window))
      for (const order of ['slowest', 'newest'] as const) {
        const list = { ...window, limit: 4, order }
        same(order, await store.traces(list), model.traces(list))
      }
    }
    const entry = (t: number, at: number, durationNs: number, instance: string): Span => ({
      ...spanOf(2 * t, 0),
      startNs: BigInt(startMs + at * 1_000) * 1_000_000n,
      durationNs,
      instance,
    })
    const pointAt = (at: number, instance: string, sampled: boolean): HistogramPoint => ({
      ...timesOf(startMs + at * 1_000),
      metric,
      service: 'shop',
      instance,
      attributes: { 'http.route': '/menu' },
      sampled,
      histogram: { count: 4, sum: 1, scale: 0, zeroCount: 0, offset: 0, buckets: [4] },
    })
    const minutes = Array.from({ length: 60 * hours }, (_, n) => 60 * (n + 1))
    await put(
      minutes.map(at => entry(at / 60, at - 30, 1_000_000 + at, 'process 0')),
      minutes.map(at => pointAt(at, 'process 0', true)),
    )
    await check()
    await put([entry(900, 5_000, 90_000_000, 'process 0')], [])
    await check()
    // A span of a trace that is in the list.
    await put(
      [
        {
          ...entry(900, 5_001, 1_000, 'process 0'),
          spanId: 'a'.repeat(16),
          kind: 'client',
          parentId: spanOf(1_800, 0).spanId,
        },
      ],
      [],
    )
    await check()
    await put([], [pointAt(5_000, 'process 0', true)])
    await check()
    // Into a minute that is over and in no rollup yet.
    await put([], [pointAt(lastSecond - 150, 'process 0', true)])
    await check()
    await put([entry(901, 5_400, 1_000, 'process 1')], [])
    await check()
    // It counts for itself from now on: what was made of its sampled spans counts no more, in no hour.
    await put([], [pointAt(lastSecond, 'process 0', false)])
    await check()
    const nowMs = startMs + 4_000_500
    await store.prune({ maxAgeMs: 0, maxBytes: 1e12, nowMs })
    model.prune(BigInt(nowMs) * 1_000_000n)
    await check()
    await store.close()
  }))

test('what a file has is known to all who ask at once after it was opened', () =>
  withDirectory(async directory => {
    const path = join(directory, 'store.duckdb')
    const before = await openStore({ path })
    await before.write({ spans: [spanOf(1, 0)], histograms: last, counters: [] })
    await before.close()
    const store = await openStore({ path })
    const asked = await Promise.all([1, 2, 3].map(() => store.services({ sinceMs: 0 })))
    const services = await store.services({ sinceMs: 0 })
    assert.ok(services.length > 0)
    assert.deepEqual(asked, [services, services, services])
    await store.close()
  }))

/** More than are taken as they are: then they are merged and ranked in SQL. */
test('a busy last minute is counted and sampled like a quiet one', () =>
  withDirectory(async directory => {
    const store = await openStore({ path: join(directory, 'store.duckdb') })
    const model = new ModelStore()
    const numbers = Array.from({ length: 4_200 }, (_, n) => n)
    const batch = {
      spans: numbers.map(n => ({
        ...spanOf(2 * n, 0),
        traceId: (n * 7_919).toString(16).padStart(32, '0'),
        startNs: BigInt(startMs + n) * 1_000_000n,
        durationNs: 1_000_000 + n,
      })),
      histograms: numbers.map(n => ({
        ...timesOf(startMs + 10_000 + n),
        metric: 'http.server.request.duration' as const,
        service: 'shop',
        instance: 'process 0',
        attributes: { 'http.route': `/${n % 3}` },
        sampled: false,
        histogram: { count: 1, sum: n, scale: n % 2, zeroCount: 0, offset: n % 5, buckets: [1] },
      })),
      counters: [],
    }
    await store.write(batch)
    model.write(batch)
    for (const untilMs of [startMs + 2_000, startMs + 30_000]) {
      const window = { sinceMs: startMs, untilMs }
      const ids = (await store.sample(window, 2)).map(({ traceId }) => traceId)
      same('sample', ids.toSorted(), [...model.sample(window, 2)].sort())
      const series = [store, model].map(async each =>
        sorted(
          (await each.series('http.server.request.duration', window)).map(
            one => rounded({ ...one, histogram: trimmed(one.histogram) }) as object,
          ),
        ),
      )
      same('series', ...((await Promise.all(series)) as [object[], object[]]))
    }
    await store.close()
  }))

test('what is kept is bounded, and what changed while it was read is not kept', () => {
  const kept = new Kept<string>(10)
  const get = (key: string): string | undefined => kept.get(key)
  for (let i = 0; i < 50; i++) {
    kept.put(`${i}`, { value: 'v', size: 3, toNs: BigInt(i) }, kept.changes)
    assert.ok(kept.size <= 10)
  }
  assert.deepEqual(['46', '47', '48', '49'].map(get), [undefined, 'v', 'v', 'v'])
  // The one that was asked for last stays longest.
  get('47')
  kept.put('new', { value: 'v', size: 3, toNs: 50n }, kept.changes)
  assert.deepEqual(['47', '48', 'new'].map(get), ['v', undefined, 'v'])
  kept.put('vast', { value: 'v', size: 11, toNs: 1n }, kept.changes)
  assert.equal(get('vast'), undefined)
  const before = kept.changes
  kept.changed(49n)
  assert.deepEqual(['47', '49', 'new'].map(get), ['v', 'v', undefined])
  kept.put('late', { value: 'v', size: 1, toNs: 10n }, before)
  assert.equal(get('late'), undefined)
  kept.changed(-1n)
  assert.equal(kept.size, 0)
})
