import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import type { HistogramPoint } from '../dist/model.js'
import { openStore } from '../dist/store/open.js'
import type { Series, TimelineStep } from '../dist/store/store.js'
import { baseMs, pointIn } from './store/batches.js'
import { rounded, same, sorted, spread } from './store/compare.js'
import { ModelStore, trimmed } from './store/model.js'
import { withDirectory } from './store-of.js'

/** A whole number of steps of ten minutes. */
const startMs = Math.ceil(baseMs / 600_000) * 600_000
const metric = 'http.server.request.duration'

/** Three hours, by the second; a point lies in one minute, so that no step has to share it. */
const times = fc
  .tuple(fc.nat({ max: 179 }), fc.nat({ max: 59 }), fc.nat({ max: 59 }))
  .map(([minute, second, length]) => {
    const fromMs = startMs + minute * 60_000 + second * 1_000
    const untilMs = Math.min(fromMs + length * 1_000, startMs + (minute + 1) * 60_000)
    return { startNs: BigInt(fromMs) * 1_000_000n + 1n, endNs: BigInt(untilMs) * 1_000_000n + 1n }
  })
  .filter(({ endNs }) => endNs % 60_000_000_000n !== 1n)

type Step =
  | { readonly kind: 'write'; readonly points: readonly HistogramPoint[] }
  | { readonly kind: 'restart' }
  | { readonly kind: 'upgrade' }
  | { readonly kind: 'prune'; readonly second: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .array(pointIn(times), { minLength: 1, maxLength: 40 })
        .map(points => ({ kind: 'write' as const, points })),
    },
    { weight: 3, arbitrary: fc.constant({ kind: 'restart' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'upgrade' as const }) },
    {
      weight: 1,
      arbitrary: fc.nat({ max: 3_600 }).map(second => ({ kind: 'prune' as const, second })),
    },
  ),
  { minLength: 2, maxLength: 8 },
)

const window = fc.tuple(fc.nat({ max: 10_800 }), fc.nat({ max: 10_800 })).map(([a, b]) => ({
  sinceMs: startMs + Math.min(a, b) * 1_000,
  untilMs: startMs + Math.max(a, b) * 1_000 + 1_000,
}))

const seriesOf = (list: readonly Series[]): object[] =>
  sorted(list.map(each => rounded({ ...each, histogram: trimmed(each.histogram) }) as object))
const stepsOf = (list: readonly TimelineStep[]): object[] =>
  list.map(({ histogram, ...step }) => rounded({ ...step, ...spread(histogram) }) as object)

async function withConnection<T>(
  path: string,
  use: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  try {
    return await use(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const rowsOf = (path: string, table: string): Promise<number> =>
  withConnection(path, async connection => {
    const [[count] = []] = await (await connection.run(`select count(*) from ${table}`)).getRows()
    return Number(count)
  })

/** Makes a file what a console wrote that knew no rollups of ten minutes. */
const downgrade = (path: string): Promise<unknown> =>
  withConnection(path, connection =>
    connection.run(`begin; drop table ten_minutes; delete from meta where key like 'ten_minutes%';
      update meta set value = '3' where key = 'format'; commit`),
  )

const pointsOfThreeHours = Array.from({ length: 180 }, (_, minute) => {
  const startNs = BigInt(startMs + minute * 60_000) * 1_000_000n
  const time = fc.constant({ startNs, endNs: startNs + 10_000_000_000n })
  return fc.sample(pointIn(time), { numRuns: 1, seed: minute })
}).flat()

/** However the others are drawn, both tables have rows with this one. */
const oneEachMinute: Step[] = [
  { kind: 'write', points: pointsOfThreeHours },
  ...Array.from({ length: 4 }, () => ({ kind: 'restart' as const })),
]

test('windows of rollups hold what their points do, also late and pruned ones', async () => {
  const merged = { minutes: 0, ten_minutes: 0 }
  await fc.assert(
    fc.asyncProperty(steps, fc.array(window, { minLength: 4, maxLength: 4 }), (list, windows) =>
      withDirectory(async directory => {
        const path = join(directory, 'store.duckdb')
        const model = new ModelStore()
        let store = await openStore({ path })
        for (const step of list) {
          if (step.kind === 'write') {
            const batch = { spans: [], histograms: step.points, counters: [] }
            await store.write(batch)
            model.write(batch)
          } else if (step.kind === 'prune') {
            const nowMs = startMs + step.second * 1_000
            await store.prune({ maxAgeMs: 0, maxBytes: 1e12, nowMs })
            model.prune(BigInt(nowMs) * 1_000_000n)
          } else {
            // What is due is merged when a store is opened, and closing waits for it.
            await store.close()
            if (step.kind === 'upgrade') await downgrade(path)
            store = await openStore({ path })
          }
        }
        for (const each of [...windows, { sinceMs: 0 }])
          same(
            'series',
            seriesOf(await store.series(metric, each)),
            seriesOf(model.series(metric, each)),
          )
        for (const stepMs of [600_000, 60_000]) {
          const query = { sinceMs: startMs, untilMs: startMs + 10_800_000, stepMs }
          same(
            'timeline',
            stepsOf(await store.timeline(metric, query)),
            stepsOf(model.timeline(metric, query)),
          )
        }
        await store.close()
        merged.minutes += await rowsOf(path, 'minutes')
        merged.ten_minutes += await rowsOf(path, 'ten_minutes')
      }),
    ),
    {
      numRuns: 10,
      examples: [[oneEachMinute, [{ sinceMs: startMs, untilMs: startMs + 7_000_000 }]]],
    },
  )
  assert.ok(merged.minutes > 50 && merged.ten_minutes > 50, JSON.stringify(merged))
})

test('a file of before the ten minutes, pruned within one, is read as its points; pruned rows go', () =>
  withDirectory(async directory => {
    const path = join(directory, 'store.duckdb')
    const model = new ModelStore()
    const histograms = pointsOfThreeHours
    let store = await openStore({ path })
    const batch = { spans: [], histograms, counters: [] }
    await store.write(batch)
    model.write(batch)
    // Within a minute too, of which the one point stays.
    const nowMs = startMs + 65 * 60_000 + 5_000
    await store.prune({ maxAgeMs: 0, maxBytes: 1e12, nowMs })
    model.prune(BigInt(nowMs) * 1_000_000n)
    await store.close()
    assert.equal(await rowsOf(path, `ten_minutes where end_ns < ${nowMs}000000`), 0)
    await downgrade(path)
    await (await openStore({ path })).close()
    assert.notEqual(await rowsOf(path, 'ten_minutes'), 0)
    store = await openStore({ path })
    for (const each of [metric, 'db.client.operation.duration'] as const) {
      const found = seriesOf(await store.series(each, { sinceMs: 0 }))
      same('series', found, seriesOf(model.series(each, { sinceMs: 0 })))
    }
    await store.close()
  }))
