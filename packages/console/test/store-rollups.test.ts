import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import type { HistogramPoint } from '../dist/model.js'
import type { Uncounted } from '../dist/store/duckdb/counted.js'
import { Kept } from '../dist/store/duckdb/kept.js'
import type { Merged } from '../dist/store/duckdb/merged.js'
import { Recent } from '../dist/store/duckdb/recent.js'
import { rolledUp, Rollups } from '../dist/store/duckdb/rollups.js'
import { migrations, schema } from '../dist/store/duckdb/schema.js'
import { readSeries } from '../dist/store/duckdb/series.js'
import type { PointRow } from '../dist/store/encode.js'
import { openStore } from '../dist/store/open.js'
import type { Series, TimelineStep } from '../dist/store/store.js'
import { baseMs, pointIn } from './store/batches.js'
import { rounded, same, sorted, spread } from './store/compare.js'
import { ModelStore, trimmed } from './store/model.js'
import { withDirectory } from './store-of.js'

/** A whole number of steps of ten minutes. */
const startMs = Math.ceil(baseMs / 600_000) * 600_000
const metric = 'http.server.request.duration'

/** Of seconds: odd ones have no shares that the last digit of `rounded` could fall between. */
const lengths = fc.oneof(
  fc.constant(0),
  fc.nat({ max: 29 }).map(n => 2 * n + 1),
  fc.nat({ max: 1_799 }).map(n => 2 * n + 1),
)

/** Three hours, by the second; at the border of two minutes, or a nanosecond after it. */
const times = fc
  .tuple(fc.nat({ max: 10_799 }), lengths, fc.bigInt({ min: 0n, max: 1n }))
  .map(([second, length, after]) => {
    const startNs = BigInt(startMs + second * 1_000) * 1_000_000n + after
    return { startNs, endNs: startNs + BigInt(length) * 1_000_000_000n }
  })

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
    connection.run(`begin; drop table ten_minutes; alter table processes drop column version; delete from meta where key like 'ten_minutes%';
      update meta set value = '3' where key = 'format'; commit`),
  )

/** One in each minute, and in every seventh one that began half an hour before. */
const pointsOfThreeHours = Array.from({ length: 180 }, (_, minute) => {
  const startNs = BigInt(startMs + minute * 60_000) * 1_000_000n
  const endNs = startNs + 10_000_000_000n
  const time = fc.constant({ startNs, endNs })
  const points = fc.sample(pointIn(time), { numRuns: 1, seed: minute })
  const long = points.map(point => ({ ...point, startNs: endNs - 1_801_000_000_000n }))
  return minute % 7 === 0 ? [...points, ...long] : points
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

test('points with buckets far apart are merged at a lower scale', () =>
  withDirectory(async directory => {
    const path = join(directory, 'store.duckdb')
    const model = new ModelStore()
    const histograms = Array.from({ length: 1_200 }, (_, n): HistogramPoint => {
      const startNs = BigInt(startMs + n * 10_000) * 1_000_000n
      // 2 ms and 0.7 s: 2,163 buckets apart.
      const [value, offset] = n % 2 === 0 ? [0.002, -2296] : [0.7, -132]
      return {
        metric,
        service: 'shop',
        instance: '1',
        attributes: { 'http.route': '/menu' },
        sampled: false,
        startNs,
        endNs: startNs + 10_000_000_000n,
        histogram: { count: 1, sum: value, scale: 8, zeroCount: 0, offset, buckets: [1] },
      }
    })
    const batch = { spans: [], histograms, counters: [] }
    model.write(batch)
    let store = await openStore({ path })
    await store.write(batch)
    await store.close()
    assert.notEqual(await rowsOf(path, 'minutes'), 0)
    assert.equal(await rowsOf(path, 'minutes where len(buckets) not between 100 and 320'), 0)
    store = await openStore({ path })
    const counted = (list: readonly Series[]): object[] =>
      list.map(({ histogram }) => rounded(spread(histogram)) as object)
    const window = { sinceMs: startMs }
    same(
      'series',
      counted(await store.series(metric, window)),
      counted(model.series(metric, window)),
    )
    await store.close()
  }))

/** Rollups of a file of their own, with a point each minute of so many hours. */
async function withRollups(
  hours: number,
  use: (connection: DuckDBConnection, rollups: Rollups) => Promise<void>,
  changed?: (afterNs: bigint) => void,
): Promise<void> {
  await withConnection(':memory:', async connection => {
    await connection.run(schema)
    for (const sql of Object.values(migrations)) await connection.run(sql)
    await connection.run(`insert into points
      select 1, 1, n * 60000000000, n * 60000000000 + 1, 1, 1, 1, 1, 4, 0, 0, [1]
      from range(${hours * 60}) r(n)`)
    const rollups = new Rollups(changed)
    await rollups.load(connection)
    await use(connection, rollups)
  })
}

test('what an answer is read from holds all while late points are merged', () =>
  withRollups(30, async (connection, rollups) => {
    const direct = async (work: (connection: DuckDBConnection) => Promise<void>): Promise<void> =>
      work(connection)
    const hourNs = 3_600_000_000_000n
    const end = 30n * hourNs
    while (rollups.isDue(0)) await rollups.merge(direct, 0)
    const split = rollups.split(0n, end)
    assert.ok(split.t1 > 29n * hourNs && split.m1 > split.t1, 'both are merged')
    const read = async (): Promise<number> => {
      const found = await connection.run(`select sum(count) from (${rolledUp()})`, { ...split })
      return Number((await found.getRows())[0]?.[0])
    }
    const before = await read()
    await connection.run('insert into points select * from points where end_ns = 1')
    rollups.notice([{ endNs: 1n } as PointRow])
    assert.equal(rollups.split(0n, end).m1, 0n)
    let turns = 0
    for (; rollups.isDue(60_000); turns++) {
      await rollups.merge(direct, 60_000)
      const now = await read()
      assert.ok(now === before || now === before + 1, `${now} for ${before}`)
    }
    assert.ok(turns > 30, `${turns} turns`)
    assert.equal(await read(), before + 1)
  }))

const direct = async (
  connection: DuckDBConnection,
  rollups: Rollups,
  nowMs: number,
): Promise<void> => {
  while (rollups.isDue(nowMs)) await rollups.merge(work => work(connection), nowMs)
}

test('what is kept of a stretch is read again when a late point was merged into it', () => {
  const merged = new Kept<Merged>(1_000_000)
  const recent = new Recent()
  const uncounted = new Kept<Uncounted>(1_000)
  return withRollups(
    30,
    async (connection, rollups) => {
      await connection.run(`insert into series values (1, '${metric}', 'shop', '{}', false)`)
      const window = { sinceMs: 0, untilMs: 29 * 3_600_000 }
      const read = async (): Promise<number | undefined> => {
        const series = await readSeries(
          connection,
          { rollups, merged, recent, uncounted },
          [metric],
          window,
        )
        return series[metric][0]?.histogram.count
      }
      await direct(connection, rollups, 0)
      const before = await read()
      assert.ok(merged.size > 0)
      assert.equal(await read(), before)
      const split = rollups.split(0n, 29n * 3_600_000_000_000n)
      rollups.notice([{ endNs: 60_000_000_001n } as PointRow])
      await connection.run('insert into points select * from points where end_ns = 60000000001')
      await direct(connection, rollups, 60_000)
      assert.deepEqual(rollups.split(0n, 29n * 3_600_000_000_000n), split)
      assert.equal(await read(), Number(before) + 1)
    },
    afterNs => merged.changed(afterNs),
  )
})

test('who asked how far is merged before a prune misses nothing that it leaves', () =>
  withRollups(30, async (connection, rollups) => {
    await direct(connection, rollups, 0)
    const minuteNs = 60_000_000_000n
    const split = rollups.split(0n, 30n * 60n * minuteNs)
    const beforeNs = 123n * minuteNs
    await connection.run('delete from points where end_ns < $beforeNs', { beforeNs })
    await rollups.drop(connection, beforeNs)
    const found = await connection.run(
      `select max(end_ns), sum(count) from (${rolledUp()}) where end_ns >= $beforeNs`,
      { ...split, beforeNs },
    )
    const [[newest, counted] = []] = await found.getRows()
    assert.equal(newest, split.m1 - minuteNs + 1n)
    assert.ok(Number(counted) >= Number((split.m1 - beforeNs) / minuteNs), `${counted}`)
  }))

test('after a failure half as much is merged', () =>
  withRollups(3, async (connection, rollups) => {
    const mergedMinutes = async (fails: boolean, nowMs: number): Promise<bigint> => {
      const merged = rollups.merge(async work => {
        await connection.run('begin')
        await work(connection)
        await connection.run(fails ? 'rollback' : 'commit')
        if (fails) throw new Error('out of memory')
      }, nowMs)
      await (fails ? assert.rejects(merged) : merged)
      return rollups.split(0n, 10_800_000_000_000n).m1 / 60_000_000_000n
    }
    let nowMs = 0
    assert.equal(await mergedMinutes(true, nowMs), 0n)
    assert.equal(rollups.isDue(nowMs), false)
    assert.equal(await mergedMinutes(false, (nowMs += 60_000)), 30n)
    for (let n = 0; n < 9; n++) assert.equal(await mergedMinutes(true, (nowMs += 60_000)), 30n)
    assert.equal(await mergedMinutes(false, (nowMs += 60_000)), 31n)
    assert.equal(await mergedMinutes(false, nowMs), 33n)
  }))
