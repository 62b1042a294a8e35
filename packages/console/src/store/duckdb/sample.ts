import { BIGINT, type DuckDBConnection, LIST, listValue, UBIGINT, VARCHAR } from '@duckdb/node-api'
import type { SampledTrace, Window } from '../store.js'
import { columns } from './database.js'
import type { Settled } from './settled.js'
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

/** Traces for each route that a process was entered by, as `Store.sample` says. `newestNs` is of the store. */
export async function readSample(
  connection: DuckDBConnection,
  known: Settled<SampledTrace>,
  newestNs: bigint,
  window: Window,
  perRoute: number,
): Promise<SampledTrace[]> {
  const nowMs = Date.now()
  const wanted = await chosen(connection, window, perRoute)
  const looked = { fromNs: wanted.fromNs - aroundNs, toNs: wanted.toNs + aroundNs }
  const found = new Map<string, SampledTrace>()
  const unknown: string[] = []
  for (const id of wanted.traceIds) {
    const trace = known.get(id, looked, nowMs)
    if (trace === undefined) unknown.push(id)
    else found.set(id, trace)
  }
  for (const trace of await counted(connection, { ...looked, traceIds: unknown })) {
    found.set(trace.traceId, trace)
    known.note(trace.traceId, trace, 1, {
      ...looked,
      endNs: trace.toNs,
      newestNs,
      nowMs,
    })
  }
  return wanted.traceIds.flatMap(id => found.get(id) ?? [])
}

async function counted(connection: DuckDBConnection, wanted: Wanted): Promise<SampledTrace[]> {
  if (wanted.traceIds.length === 0) return []
  const result = await connection.run(
    `select s.trace_hi, s.trace_lo, count(*), min(s.start_ns), max(s.start_ns)
     from spans s where ${among('s')} group by s.trace_hi, s.trace_lo`,
    ...amongValues(wanted),
  )
  const [hi = [], lo, count, from, to] = await result.getColumns()
  return hi.map((number, i) => ({
    traceId: traceDigits(number as bigint, lo?.[i] as bigint),
    spans: Number(count?.[i]),
    fromNs: from?.[i] as bigint,
    toNs: to?.[i] as bigint,
  }))
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
 * those are read that can be among the first: up to the `n` lowest ids and from the `n` slowest entries
 * of each route on. Where these are of too few traces (one that entered the route many times), more are.
 */
async function chosen(
  connection: DuckDBConnection,
  window: Window,
  perRoute: number,
): Promise<Wanted> {
  for (let n = perRoute * entriesPerTrace; ; n *= 8) {
    const routes = await readLikely(connection, window, n)
    if (routes.every(route => isEnough(route, n, perRoute))) return firstOf(routes, perRoute)
  }
}

/** A trace as one route of one service saw it. */
interface Seen {
  readonly traceId: string
  /** By which ids are put in order: the lower half is random in every format of ids. */
  readonly lo: bigint
  fromNs: bigint
  toNs: bigint
  durationNs: bigint
}

interface Route {
  readonly entries: bigint
  readonly mostLo: bigint
  readonly leastDuration: bigint
  readonly traces: Map<string, Seen>
}

/**
 * In two statements: in one DuckDB takes the bounds for many rows and all entries into a table of hashes
 * instead. `n` is written in: DuckDB wants it constant.
 */
async function readLikely(
  connection: DuckDBConnection,
  window: Window,
  n: number,
): Promise<Route[]> {
  const parameters = windowParameters(window)
  const [services = [], names = [], counts, mostLo = [], leastDuration = []] = await columns(
    connection,
    `select o.service, e.route, count(*), list_max(min(e.trace_lo, ${n})),
       list_min(max(e.duration_ns, ${n}))
     from entries e join sources o on o.id = e.source
     where ${spanInWindow('e')} and ${ofService('o')} group by all`,
    { ...parameters },
  )
  const { since, until } = parameters
  const result = await connection.run(
    `with bounds as (
       select unnest($services) as service, unnest($names) as route, unnest($most) as most_lo,
         unnest($least) as least_duration, unnest(range(len($names))) as place
     )
     select b.place, e.trace_hi, e.trace_lo, e.start_ns, e.duration_ns
     from entries e join sources o on o.id = e.source
       join bounds b on b.service = o.service and b.route = e.route
     where ${spanInWindow('e')} and (e.trace_lo <= b.most_lo or e.duration_ns >= b.least_duration)`,
    {
      since,
      until,
      services: listValue(services),
      names: listValue(names),
      most: listValue(mostLo),
      least: listValue(leastDuration),
    },
    {
      services: LIST(VARCHAR),
      names: LIST(VARCHAR),
      most: LIST(UBIGINT),
      least: LIST(BIGINT),
    },
  )
  const [place = [], hi, lo, start, duration] = await result.getColumns()
  const routes = names.map((_, k) => ({
    entries: counts?.[k] as bigint,
    mostLo: mostLo[k] as bigint,
    leastDuration: leastDuration[k] as bigint,
    traces: new Map<string, Seen>(),
  }))
  for (const [i, number] of place.entries()) {
    const { traces } = routes[Number(number)] as Route
    const [fromNs, durationNs] = [start?.[i] as bigint, duration?.[i] as bigint]
    const traceId = traceDigits(hi?.[i] as bigint, lo?.[i] as bigint)
    const toNs = fromNs + durationNs
    const seen = traces.get(traceId)
    if (seen === undefined)
      traces.set(traceId, { traceId, lo: lo?.[i] as bigint, fromNs, toNs, durationNs })
    else {
      seen.fromNs = least([seen.fromNs, fromNs])
      seen.toNs = greatest([seen.toNs, toNs])
      seen.durationNs = greatest([seen.durationNs, durationNs])
    }
  }
  return routes
}

/** Whether those that were read are all, or more than are wanted on each side. */
function isEnough({ entries, mostLo, leastDuration, traces }: Route, n: number, perRoute: number) {
  if (entries <= n) return true
  const all = [...traces.values()]
  return (
    all.filter(({ lo }) => lo <= mostLo).length >= perRoute &&
    all.filter(({ durationNs }) => durationNs >= leastDuration).length >= perRoute
  )
}

/** Of each route its first traces, by turns those of the lowest ids and the slowest. */
function firstOf(routes: readonly Route[], perRoute: number): Wanted {
  const places = new Map<string, { readonly seen: Seen; place: number }>()
  for (const { traces } of routes) {
    const lowest = [...traces.values()].sort(byId)
    const slowest = lowest.toSorted((a, b) => Number(b.durationNs - a.durationNs))
    const ranks = new Map(lowest.map((seen, i) => [seen, i]))
    for (const [i, seen] of slowest.entries()) ranks.set(seen, Math.min(ranks.get(seen) ?? i, i))
    // Sorting is stable: of two of the same rank the one with the lower id is first.
    const order = lowest.toSorted((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0))
    for (const [place, seen] of order.slice(0, perRoute).entries()) {
      const known = places.get(seen.traceId)
      if (known === undefined) places.set(seen.traceId, { seen: { ...seen }, place })
      else {
        known.place = Math.min(known.place, place)
        known.seen.fromNs = least([known.seen.fromNs, seen.fromNs])
        known.seen.toNs = greatest([known.seen.toNs, seen.toNs])
      }
    }
  }
  const first = [...places.values()].sort((a, b) => a.place - b.place || byId(a.seen, b.seen))
  return {
    traceIds: first.map(({ seen }) => seen.traceId),
    fromNs: least(first.map(({ seen }) => seen.fromNs)),
    toNs: greatest(first.map(({ seen }) => seen.toNs)),
  }
}

const byId = (a: Seen, b: Seen): number =>
  a.lo < b.lo ? -1 : a.lo > b.lo ? 1 : a.traceId < b.traceId ? -1 : 1

const greatest = (values: readonly bigint[]): bigint =>
  values.reduce((a, b) => (a > b ? a : b), -farFuture)
const least = (values: readonly bigint[]): bigint =>
  values.reduce((a, b) => (a < b ? a : b), farFuture)
