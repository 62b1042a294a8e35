import type { DuckDBConnection, DuckDBListValue, DuckDBValue } from '@duckdb/node-api'
import { LIST, listValue, VARCHAR } from './api.js'
import type { Attributes, CounterPoint, MetricName } from '../../model.js'
import type { Series, Window } from '../store.js'
import type { Bounds } from './bounds.js'
import { countedBy, type KnownCounting, onlyCounted, type Uncounted } from './counted.js'
import { columns } from './database.js'
import { type Asked, readFew, type Stretch } from './few.js'
import type { Kept } from './kept.js'
import { addedUp, histogramOf, type Merged, type MergedRow } from './merged.js'
import { minuteNs, type Recent } from './recent.js'
import { ofService, pointInWindow, windowParameters } from './window.js'

/** How long it is not tried again after points were too many. */
const denseMs = 60_000

/** What is known before series are read. */
interface Known extends KnownCounting {
  readonly merged: Kept<Merged>
  readonly recent: Recent
}

/**
 * Merges in SQL. One million points of 20 buckets take about 0.7 s on two cores, so most of a long window
 * is read from rollups. What those hold is kept, each stretch for itself, and so are the minutes after them,
 * as long as no late point comes and no process says anything that it never said: what counts depends on
 * that.
 */
export function readSeries<Name extends MetricName>(
  connection: DuckDBConnection,
  known: Known,
  metrics: readonly Name[],
  window: Window,
): Promise<Record<Name, Series[]>> {
  return countedBy(connection, known, metrics, uncounted =>
    readCounted(connection, known, { metrics, window, uncounted }),
  )
}

async function readCounted<Name extends MetricName>(
  connection: DuckDBConnection,
  known: Known,
  {
    metrics,
    window,
    uncounted,
  }: {
    readonly metrics: readonly Name[]
    readonly window: Window
    readonly uncounted: Uncounted
  },
): Promise<Record<Name, Series[]>> {
  const { rollups, merged: kept, recent } = known
  const { since, until, service } = windowParameters(window)
  const { changes } = kept
  const { changes: recentChanges } = recent.minutes
  const { m0, m1, t0, t1 } = rollups.split(since, until)
  const stretches = [
    { table: 'ten_minutes', from: t0, to: t1 },
    { table: 'minutes', from: m0, to: t0 },
    { table: 'minutes', from: t1, to: m1 },
  ].map(({ table, from, to }, part) => {
    const key = (metric: string): string =>
      JSON.stringify([table, String(from), String(to), service, metric])
    const found = metrics.map(metric => kept.get(key(metric)))
    const held = found.every(each => each !== undefined) ? found : undefined
    return { table, part, from, to, key, held }
  })
  const minutes = recentMinutes(recent, [m1, until, rollups.newestNs], [service, metrics])
  const points = [
    { from: since, to: m0 },
    { from: m1, to: minutes.from },
    { from: minutes.to, to: until },
  ]
  const asked = { metrics, service, uncounted }
  const few = await fewOf(connection, recent, asked, points)
  const parts = await readParts(connection, asked, [
    ...stretches.filter(({ held }) => held === undefined),
    ...(few === undefined
      ? points.map(stretch => ({ ...stretch, table: 'points', part: pointsPart }))
      : []),
    { table: 'points', part: minuteOf(minutes.readFrom), from: minutes.readFrom, to: minutes.to },
  ])
  for (const { part, from, to, key, held } of stretches) {
    if (held !== undefined || from === to) continue
    for (const metric of metrics) {
      const value = new Map([...(parts[part] ?? [])].filter(([, row]) => row.metric === metric))
      kept.put(key(metric), { value, size: sizeOf(value), toNs: to }, changes)
    }
  }
  for (let to = minutes.readFrom + minuteNs; to <= minutes.to; to += minuteNs) {
    const part = parts[pointsPart + Number((to - minutes.readFrom) / minuteNs)]
    for (const metric of metrics) {
      const value = new Map([...(part ?? [])].filter(([, row]) => row.metric === metric))
      const size = sizeOf(value)
      recent.minutes.put(minuteKey(to, service, metric), { value, size, toNs: to }, recentChanges)
    }
  }
  const held = [...stretches.flatMap(({ held = [] }) => held), ...minutes.held]
  const rows = [...addedUp([...held, ...parts, few ?? []]).values()].sort(
    (a, b) => compare(a.service, b.service) || compare(a.text, b.text),
  )
  const series = Object.fromEntries(metrics.map(name => [name, []])) as unknown as Record<
    Name,
    Series[]
  >
  for (const row of rows) {
    const { service: of, attributes, sampled } = row
    series[row.metric as Name].push({
      service: of,
      attributes,
      sampled,
      histogram: histogramOf(row),
    })
  }
  return series
}

/** The ends of a window, where they hold few points. */
async function fewOf(
  connection: DuckDBConnection,
  recent: Recent,
  asked: Asked,
  ends: readonly Stretch[],
): Promise<Awaited<ReturnType<typeof readFew>>> {
  const nowMs = Date.now()
  if (nowMs < recent.denseUntilMs) return undefined
  const few = await readFew(connection, asked, ends)
  if (few === undefined) recent.denseUntilMs = nowMs + denseMs
  return few
}

const minuteKey = (toNs: bigint, service: string | null, metric: string): string =>
  JSON.stringify([String(toNs), service, metric])

/** The minutes that are over, up to where they are known, and from where they are to be read. */
function recentMinutes(
  recent: Recent,
  [m1, until, newestNs]: readonly [bigint, bigint, bigint],
  [service, metrics]: readonly [string | null, readonly MetricName[]],
) {
  const [from, to] = recent.over(m1, until, newestNs)
  const held: Merged[] = []
  let readFrom = from
  for (; readFrom < to; readFrom += minuteNs) {
    const found = metrics.map(name =>
      recent.minutes.get(minuteKey(readFrom + minuteNs, service, name)),
    )
    if (!found.every(each => each !== undefined)) break
    held.push(...found)
  }
  return { from, to, readFrom, held }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** In numbers, roughly. */
const sizeOf = (part: Merged): number =>
  [...part.values()].reduce(
    // A text of four characters takes what a number takes; its attributes hold it once more.
    (size, { indexes, text }) => size + 40 + 2 * indexes.length + text.length / 2,
    10,
  )

const pointsPart = 3

/** SQL: the part of a point of the minutes after `fromNs`. */
const minuteOf = (fromNs: bigint): string =>
  `${pointsPart + 1} + (end_ns - ${fromNs} - 1) // ${minuteNs}`

interface Part extends Stretch {
  readonly table: string
  /** A number, or SQL that gives one for each row. */
  readonly part: number | string
}

/** What stretches of a window hold, by their part. */
async function readParts(
  connection: DuckDBConnection,
  { metrics, service, uncounted }: Asked,
  stretches: readonly Part[],
): Promise<readonly Merged[]> {
  // Each costs 1 ms, with and without rows.
  const rows = stretches
    .filter(({ from, to }) => from < to)
    .map(
      ({ table, part, from, to }) =>
        `select ${part} as part, * from ${table} where end_ns > ${from} and end_ns <= ${to}`,
    )
  if (rows.length === 0) return []
  const counted = onlyCounted(uncounted)
  const found = await columns(
    connection,
    `with found as (
       ${rows.join(' union all ')}
     ), chosen as (
       select p.* from found p join series s on s.id = p.series
       where list_contains($metrics, s.metric) and ${ofService('s')} and ${counted.where}
     ), totals as (
       select part, series, sum(count) as count, sum(sum) as sum, sum(zero_count) as zero_count,
         case when bool_and(min is not null) then min(min) end as min,
         case when bool_and(max is not null) then max(max) end as max, min(scale) as scale
       from chosen group by part, series
     ), single as (
       select c.part, c.series, unnest(c.buckets) as n, c.scale - t.scale as down,
         c.first + generate_subscripts(c.buckets, 1) - 1 as i
       from chosen c join totals t on t.part = c.part and t.series = c.series
     ), merged as (
       select part, series, floor(i / power(2, down))::integer as i, sum(n) as n
       from single where n > 0 group by all
     ), packed as (
       select part, series, list(i order by i) as indexes, list(n order by i) as counts
       from merged group by part, series
     )
     select t.part, s.id, s.metric, s.service, s.attributes, s.sampled, t.count, t.sum, t.zero_count,
       t.min, t.max, t.scale, b.indexes, b.counts
     from totals t join series s on s.id = t.series
       left join packed b on b.part = t.part and b.series = t.series`,
    { service, ...counted.values, metrics: listValue([...metrics]) },
    { ...counted.types, metrics: LIST(VARCHAR) },
  )
  const parts: Map<number, MergedRow>[] = []
  const [part = [], id, metric, of, text, sampled, count, sum, zero, min, max, ...rest] = found
  const [scale, indexes, counts] = rest
  for (const [i, place] of part.entries()) {
    const rows = (parts[Number(place)] ??= new Map())
    rows.set(Number(id?.[i]), {
      metric: String(metric?.[i]) as MetricName,
      service: String(of?.[i]),
      attributes: JSON.parse(String(text?.[i])) as Attributes,
      text: String(text?.[i]),
      sampled: sampled?.[i] === true,
      count: Number(count?.[i]),
      sum: Number(sum?.[i]),
      zeroCount: Number(zero?.[i]),
      min: typeof min?.[i] === 'number' ? min[i] : null,
      max: typeof max?.[i] === 'number' ? max[i] : null,
      scale: Number(scale?.[i]),
      indexes: numbers(indexes?.[i]),
      counts: numbers(counts?.[i]),
    })
  }
  // Those in which nothing was are holes.
  return Array.from(parts, rows => rows ?? new Map())
}

const numbers = (value: DuckDBValue | undefined): readonly number[] =>
  value === null || value === undefined ? [] : (value as DuckDBListValue).items.map(Number)

/** Counters of a window, added up for each process and set of attributes. */
export async function readCounters(
  connection: DuckDBConnection,
  { bounds }: { readonly bounds: Bounds },
  window: Window,
): Promise<CounterPoint[]> {
  if (!bounds.reach('counters', windowParameters(window))) return []
  const [name = [], service, instance, attributes, start, end, value] = await columns(
    connection,
    `select s.metric, s.service, o.instance, s.attributes, min(c.start_ns), max(c.end_ns), sum(c.value)
     from counters c join series s on s.id = c.series join sources o on o.id = c.source
     where ${ofService('s')} and ${pointInWindow('c')}
     group by all order by all`,
    { ...windowParameters(window) },
  )
  return name.map((metric, i) => ({
    name: String(metric),
    service: String(service?.[i]),
    instance: String(instance?.[i]),
    attributes: JSON.parse(String(attributes?.[i])) as Attributes,
    startNs: start?.[i] as bigint,
    endNs: end?.[i] as bigint,
    value: Number(value?.[i]),
  }))
}
