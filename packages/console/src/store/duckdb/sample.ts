import type { DuckDBConnection } from '@duckdb/node-api'
import type { SampledTrace, Window } from '../store.js'
import { columns } from './database.js'
import type { Followed, Looked } from './followed.js'
import type { Kept } from './kept.js'
import { byId, greatest, least, readRoutes, type Routes, type Seen, together } from './likely.js'
import { aroundNs } from './members.js'
import type { Past } from './past.js'
import type { Rollups } from './rollups.js'
import { traceDigits } from './ids.js'
import { among, readSpans, readTogether, type SpanColumns } from './traces.js'
import { windowParameters } from './window.js'

/** What is known before a sample is read. */
interface KnownPast {
  readonly past: Past
  readonly routes: Kept<Routes>
  readonly sizes: Followed<SampledTrace>
  readonly rollups: Pick<Rollups, 'newestNs'>
}

/** Traces for each route that a process was entered by, as `Store.sample` says. */
export async function readSample(
  connection: DuckDBConnection,
  { past, routes, sizes, rollups: { newestNs } }: KnownPast,
  window: Window,
  perRoute: number,
): Promise<SampledTrace[]> {
  const { service } = window
  const times = { ...windowParameters(window), newestNs, nowMs: Date.now() }
  const parts = await past.parts(routes, [service, perRoute], times, async gap => {
    const value = await readRoutes(connection, service, gap, perRoute)
    return { value, size: value.reduce((sum, { traces }) => sum + traces.size, 1) }
  })
  const wanted = firstOf(parts.reduce(together), perRoute)
  const found = new Map<string, SampledTrace>()
  const unknown: Seen[] = []
  for (const seen of wanted) {
    const trace = sizes.get(seen.traceId, around(seen))
    if (trace === undefined) unknown.push(seen)
    else found.set(seen.traceId, trace)
  }
  const following = new Map(
    unknown.map(seen => [seen.traceId, sizes.follow(seen.traceId, around(seen))]),
  )
  for (const trace of await counted(connection, unknown)) {
    found.set(trace.traceId, trace)
    const one = following.get(trace.traceId)
    if (one !== undefined) sizes.note(one, trace, 1)
  }
  return wanted.flatMap(({ traceId }) => found.get(traceId) ?? [])
}

const around = ({ fromNs, toNs }: Seen): Looked => ({
  fromNs: fromNs - aroundNs,
  toNs: toNs + aroundNs,
})

/** Only what lies around these is looked at: as a rule they are the newest, and the others known. */
async function counted(
  connection: DuckDBConnection,
  wanted: readonly Seen[],
): Promise<SampledTrace[]> {
  if (wanted.length === 0) return []
  const { where, values, types } = among('s', {
    traceIds: wanted.map(({ traceId }) => traceId),
    fromNs: least(wanted.map(seen => around(seen).fromNs)),
    toNs: greatest(wanted.map(seen => around(seen).toNs)),
  })
  const [hi = [], lo, count, from, to] = await columns(
    connection,
    `select s.trace_hi, s.trace_lo, count(*), min(s.start_ns), max(s.start_ns)
     from spans s where ${where} group by s.trace_hi, s.trace_lo`,
    values,
    types,
  )
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

/** Of each route its first traces, by turns those of the lowest ids and the slowest. */
function firstOf(routes: Routes, perRoute: number): Seen[] {
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
  return [...places.values()]
    .sort((a, b) => a.place - b.place || byId(a.seen, b.seen))
    .map(({ seen }) => seen)
}
