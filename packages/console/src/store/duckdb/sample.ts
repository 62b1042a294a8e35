import type { DuckDBConnection } from '@duckdb/node-api'
import type { SampledTrace, Window } from '../store.js'
import { columns } from './database.js'
import { traceDigits } from './ids.js'
import {
  among,
  amongValues,
  aroundNs,
  readSpans,
  readTogether,
  type SpanColumns,
  type Wanted,
} from './traces.js'
import { farFuture, ofService, spanInWindow, windowParameters } from './window.js'

/** Traces for each route that a process was entered by, as `Store.sample` says. */
export async function readSample(
  connection: DuckDBConnection,
  window: Window,
  perRoute: number,
): Promise<SampledTrace[]> {
  const wanted = await chosen(connection, window, perRoute)
  if (wanted.traceIds.length === 0) return []
  const { fromNs, toNs } = wanted
  const result = await connection.run(
    `select s.trace_hi, s.trace_lo, count(*), min(s.start_ns), max(s.start_ns)
     from spans s where ${among('s')} group by s.trace_hi, s.trace_lo`,
    ...amongValues({ ...wanted, fromNs: fromNs - aroundNs, toNs: toNs + aroundNs }),
  )
  const [hi = [], lo, count, from, to] = await result.getColumns()
  const found = new Map<string, SampledTrace>()
  for (const [i, number] of hi.entries()) {
    const traceId = traceDigits(number as bigint, lo?.[i] as bigint)
    found.set(traceId, {
      traceId,
      spans: Number(count?.[i]),
      fromNs: from?.[i] as bigint,
      toNs: to?.[i] as bigint,
    })
  }
  return wanted.traceIds.flatMap(id => found.get(id) ?? [])
}

/**
 * The spans of some of them, those of a trace together, by start. What it costs is mostly the attributes
 * of spans that lie far apart: DuckDB unpacks them 2,048 rows at a time, 1.2 ms of processor time for
 * each trace; traces that stand near each other in time share that.
 */
export async function readSampled(
  connection: DuckDBConnection,
  traces: readonly SampledTrace[],
  limit: number,
): Promise<SpanColumns> {
  const whole = traces.filter(({ spans }) => spans <= limit)
  const parts: SpanColumns[] = []
  if (whole.length > 0)
    parts.push(
      await readTogether(connection, {
        traceIds: whole.map(({ traceId }) => traceId),
        fromNs: least(whole.map(({ fromNs }) => fromNs)),
        toNs: greatest(whole.map(({ toNs }) => toNs)),
      }),
    )
  // Cut ones are rare; each for itself has its limit where the rows are read.
  for (const { traceId, spans } of traces)
    if (spans > limit) parts.push(await readSpans(connection, traceId, limit))
  const [first = [], ...others] = parts
  return first.map((column, i) => column.concat(...others.map(other => other[i] ?? [])))
}

/** Entries of one route that are looked at on each side, for each trace that is wanted of it. */
const entriesPerTrace = 4

/**
 * Ids of the traces, the first of every route first. To rank all entries means to sort them twice; so only
 * those are ranked that can be among the first: up to the `n` lowest ids and from the `n` slowest
 * entries of each route on. Where these are of too few traces (one that entered the route many times), all are.
 */
async function chosen(
  connection: DuckDBConnection,
  window: Window,
  perRoute: number,
): Promise<Wanted> {
  const values = { ...windowParameters(window), perRoute: BigInt(perRoute) }
  const some = await ranked(connection, likely(perRoute * entriesPerTrace), values)
  return some.exact ? some : ranked(connection, all, values)
}

const all = `entries_of_window as (
   select e.*, o.service, null::ubigint as most_lo, null::bigint as least_duration
   from entries e join sources o on o.id = e.source
   where ${spanInWindow('e')} and ${ofService('o')}
 )`

/** `n` is written in: DuckDB wants it constant. */
const likely = (n: number): string => `bounds as (
   select o.service, e.route, count(*) as entries, list_max(min(e.trace_lo, ${n})) as most_lo,
     list_min(max(e.duration_ns, ${n})) as least_duration
   from entries e join sources o on o.id = e.source
   where ${spanInWindow('e')} and ${ofService('o')} group by all
 ), entries_of_window as (
   select e.*, o.service, case when b.entries > ${n} then b.most_lo end as most_lo,
     case when b.entries > ${n} then b.least_duration end as least_duration
   from entries e join sources o on o.id = e.source
     join bounds b on b.service = o.service and b.route = e.route
   where ${spanInWindow('e')} and (e.trace_lo <= b.most_lo or e.duration_ns >= b.least_duration)
 )`

async function ranked(
  connection: DuckDBConnection,
  entries: string,
  values: Parameters<typeof columns>[2],
): Promise<Wanted & { readonly exact: boolean }> {
  const [hi = [], lo, exact = [], from = [], to = []] = await columns(
    connection,
    `with ${entries}, traces as (
       select trace_hi, trace_lo, service, route, max(duration_ns) as duration_ns,
         min(start_ns) as from_ns, max(start_ns + duration_ns) as to_ns, any_value(most_lo) as most_lo,
         any_value(least_duration) as least_duration
       from entries_of_window group by trace_hi, trace_lo, service, route
     ), ranks as (
       select *,
         row_number() over (partition by service, route order by trace_lo, trace_hi) as lowest,
         row_number() over (partition by service, route order by duration_ns desc, trace_lo, trace_hi) as slowest,
         most_lo is null or (
           count(*) filter (trace_lo <= most_lo) over (partition by service, route) >= $perRoute and
           count(*) filter (duration_ns >= least_duration) over (partition by service, route) >= $perRoute
         ) as exact
       from traces
     ), places as (
       select *, row_number() over (partition by service, route
         order by least(lowest, slowest), lowest) as place
       from ranks qualify place <= $perRoute
     )
     select trace_hi, trace_lo, bool_and(exact), min(from_ns), max(to_ns), min(place) as place
     from places group by trace_hi, trace_lo order by place, trace_lo, trace_hi`,
    values,
  )
  return {
    traceIds: hi.map((number, i) => traceDigits(number as bigint, lo?.[i] as bigint)),
    fromNs: least(from as bigint[]),
    toNs: greatest(to as bigint[]),
    exact: exact.every(Boolean),
  }
}

const greatest = (values: readonly bigint[]): bigint =>
  values.reduce((a, b) => (a > b ? a : b), -farFuture)
const least = (values: readonly bigint[]): bigint =>
  values.reduce((a, b) => (a < b ? a : b), farFuture)
