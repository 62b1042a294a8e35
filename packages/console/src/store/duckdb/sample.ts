import type { DuckDBConnection } from '@duckdb/node-api'
import type { Window } from '../store.js'
import { columns } from './database.js'
import { traceDigits } from './ids.js'
import {
  among,
  amongValues,
  readSpans,
  readTogether,
  type SpanColumns,
  type Wanted,
} from './traces.js'
import { farFuture, ofService, spanInWindow, windowParameters } from './window.js'

/** Spans of one sample over all its traces: what the detectors go through in about a second. */
const sampleSpans = 200_000
/** The recorder cuts a trace at as many spans. */
const sampleSpansPerTrace = 5_000

/**
 * Whole traces for each route that a process was entered by: its newest and its slowest in turn, up
 * to `perRoute`. When all of them together are too many spans, the first of every route come first.
 *
 * What it costs is mostly the attributes of spans that lie far apart: DuckDB unpacks them 2,048 rows at
 * a time, 1.2 ms of processor time for each trace. 480 traces of 24 routes took 0.6 s over 4 million
 * spans, and 0.25 s in the last 250,000 of them.
 */
export async function readSample(
  connection: DuckDBConnection,
  window: Window,
  perRoute: number,
): Promise<SpanColumns> {
  const wanted = await chosen(connection, window, perRoute)
  const counts = await countSpans(connection, wanted)
  const whole: string[] = []
  const cut: string[] = []
  let left = sampleSpans
  for (const id of wanted.traceIds) {
    const count = counts.get(id) ?? 0
    left -= Math.min(count, sampleSpansPerTrace)
    if (left < 0) break
    if (count > sampleSpansPerTrace) cut.push(id)
    else whole.push(id)
  }
  // Cut ones are rare; each for itself has its limit where the rows are read.
  const parts =
    whole.length > 0 ? [await readTogether(connection, { ...wanted, traceIds: whole })] : []
  for (const id of cut) parts.push(await readSpans(connection, id, sampleSpansPerTrace))
  const [first = [], ...others] = parts
  return first.map((column, i) => column.concat(...others.map(other => other[i] ?? [])))
}

async function countSpans(
  connection: DuckDBConnection,
  wanted: Wanted,
): Promise<Map<string, number>> {
  if (wanted.traceIds.length === 0) return new Map()
  const result = await connection.run(
    `select s.trace_hi, s.trace_lo, count(*) from spans s where ${among('s')} group by all`,
    ...amongValues(wanted),
  )
  const [hi = [], lo, count] = await result.getColumns()
  return new Map(
    hi.map((number, i) => [traceDigits(number as bigint, lo?.[i] as bigint), Number(count?.[i])]),
  )
}

/** Entries of one route that are looked at on each side, for each trace that is wanted of it. */
const entriesPerTrace = 4

/**
 * Ids of the traces, the first of every route first. To rank all entries means to sort them twice; so only
 * those are ranked that can be among the first: from the `n` newest and the `n` slowest entries of
 * each route on. Where these are of too few traces (one that entered the route many times), all are.
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
   select e.*, o.service, null::bigint as least_start, null::bigint as least_duration
   from entries e join sources o on o.id = e.source
   where ${spanInWindow('e')} and ${ofService('o')}
 )`

/** `n` is written in: DuckDB wants it constant. */
const likely = (n: number): string => `bounds as (
   select o.service, e.route, count(*) as entries, list_min(max(e.start_ns, ${n})) as least_start,
     list_min(max(e.duration_ns, ${n})) as least_duration
   from entries e join sources o on o.id = e.source
   where ${spanInWindow('e')} and ${ofService('o')} group by all
 ), entries_of_window as (
   select e.*, o.service, case when b.entries > ${n} then b.least_start end as least_start,
     case when b.entries > ${n} then b.least_duration end as least_duration
   from entries e join sources o on o.id = e.source
     join bounds b on b.service = o.service and b.route = e.route
   where ${spanInWindow('e')} and (e.start_ns >= b.least_start or e.duration_ns >= b.least_duration)
 )`

async function ranked(
  connection: DuckDBConnection,
  entries: string,
  values: Parameters<typeof columns>[2],
): Promise<Wanted & { readonly exact: boolean }> {
  const [hi = [], lo, exact = [], from = [], to = []] = await columns(
    connection,
    `with ${entries}, traces as (
       select trace_hi, trace_lo, service, route, max(start_ns) as start_ns,
         max(duration_ns) as duration_ns, min(start_ns) as from_ns,
         max(start_ns + duration_ns) as to_ns, any_value(least_start) as least_start,
         any_value(least_duration) as least_duration
       from entries_of_window group by trace_hi, trace_lo, service, route
     ), ranks as (
       select *,
         row_number() over (partition by service, route order by start_ns desc, trace_hi, trace_lo) as newest,
         row_number() over (partition by service, route order by duration_ns desc, trace_hi, trace_lo) as slowest,
         least_start is null or (
           count(*) filter (start_ns >= least_start) over (partition by service, route) >= $perRoute and
           count(*) filter (duration_ns >= least_duration) over (partition by service, route) >= $perRoute
         ) as exact
       from traces
     ), places as (
       select *, row_number() over (partition by service, route
         order by least(newest, slowest), newest) as place
       from ranks qualify place <= $perRoute
     )
     select trace_hi, trace_lo, bool_and(exact), min(from_ns), max(to_ns), min(place) as place
     from places group by trace_hi, trace_lo order by place, trace_hi, trace_lo`,
    values,
  )
  return {
    traceIds: hi.map((number, i) => traceDigits(number as bigint, lo?.[i] as bigint)),
    fromNs: least(from as bigint[]),
    toNs: -least((to as bigint[]).map(ns => -ns)),
    exact: exact.every(Boolean),
  }
}

const least = (values: readonly bigint[]): bigint =>
  values.reduce((a, b) => (a < b ? a : b), farFuture)
