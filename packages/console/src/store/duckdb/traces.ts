import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { LIST, UBIGINT, listValue } from './api.js'
import type { TraceQuery, TraceSummary } from '../store.js'
import { statuses } from '../span-table.js'
import { columns } from './database.js'
import type { Followed } from './followed.js'
import { traceDigits, traceNumbers } from './ids.js'
import type { Kept } from './kept.js'
import { type Entry, type Members, readMembers } from './members.js'
import { type Gap, type Past, spansInGap, whole } from './past.js'
import { minuteNs } from './recent.js'
import type { Rollups } from './rollups.js'
import { farFuture, nanoseconds, ofService, windowParameters } from './window.js'

/** What is known before a list is read. */
interface KnownTraces {
  readonly past: Past
  readonly members: Followed<Members>
  readonly slowest: Kept<readonly Candidate[]>
  readonly rollups: Pick<Rollups, 'newestNs'>
}

/** Rows of spans by column, as they go back to the caller's thread. */
export type SpanColumns = readonly (readonly DuckDBValue[])[]

const spanColumns = `s.trace_hi, s.trace_lo, s.span_id, s.parent_id, o.service, o.instance, s.name,
  s.kind, s.start_ns, s.duration_ns, s.status, s.attributes, s.links`

/** An entry that may be in a list. */
export interface Candidate extends Entry {
  readonly durationNs: number
  readonly summary: Omit<TraceSummary, 'spans' | 'services'>
}

/**
 * A line for each trace that has a root in the window. A root has no parent, or is the server span of
 * a request whose caller is not in the store; with a service given, not in the store as that service's.
 * Of several roots the earliest speaks for the trace.
 *
 * Entries are put in order first, which takes 20 ms of processor time for a million of them, and only
 * the best are looked into: whether they are what speaks for their trace, and what else is in it. Where
 * too few of them are, more are taken.
 */
export async function readTraces(
  connection: DuckDBConnection,
  known: KnownTraces,
  query: TraceQuery,
): Promise<TraceSummary[]> {
  for (let width = 3 * query.limit + 20; ; width *= 8) {
    const candidates = await readCandidates(connection, known, query, width)
    const members = await readMembers(connection, known.members, candidates)
    const found = speaking(query, candidates, members)
    if (found.length >= query.limit || candidates.length < width) return found
  }
}

/**
 * The newest ones are looked for at the end of the window first: in a table by time each row is newer than
 * those before, so that to put a million in order means to take each of them (55 ms of processor time).
 */
const nearEndsNs = [minuteNs, 10n * minuteNs, 100n * minuteNs]

async function readCandidates(
  connection: DuckDBConnection,
  known: KnownTraces,
  query: TraceQuery,
  width: number,
): Promise<readonly Candidate[]> {
  const { since, until } = windowParameters(query)
  if (query.order === 'slowest') return slowestOf(connection, known, query, width)
  const { newestNs } = known.rollups
  const end = until < newestNs ? until : newestNs
  for (const nearNs of nearEndsNs) {
    if (end - nearNs <= since) break
    const found = await candidatesIn(connection, query, width, whole(end - nearNs, until))
    if (found.length >= width) return found
  }
  return candidatesIn(connection, query, width, whole(since, until))
}

/** The slowest of what is over are kept: of a million rows to find them takes 20 ms of processor time. */
async function slowestOf(
  connection: DuckDBConnection,
  { past, slowest, rollups: { newestNs } }: KnownTraces,
  query: TraceQuery,
  width: number,
): Promise<readonly Candidate[]> {
  const { sinceMs: _since, untilMs: _until, ...of } = query
  const times = { ...windowParameters(query), newestNs, nowMs: Date.now() }
  const parts = await past.parts(slowest, [of, width], times, async gap => {
    const value = await candidatesIn(connection, query, width, gap)
    return { value, size: value.length + 1 }
  })
  return parts.length === 1
    ? (parts[0] ?? [])
    : parts
        .flat()
        .sort((a, b) => b.durationNs - a.durationNs || (a.traceId < b.traceId ? -1 : 1))
        .slice(0, width)
}

async function candidatesIn(
  connection: DuckDBConnection,
  query: TraceQuery,
  width: number,
  gap: Gap,
): Promise<Candidate[]> {
  const order = query.order === 'slowest' ? 'duration_ns' : 'start_ns'
  const of = `trace_hi, trace_lo, span_id, parent_id, source, start_ns, duration_ns, status, route, status_code`
  const [hi = [], lo, span, parent, service, start, duration, status, route, code] = await columns(
    connection,
    `select e.trace_hi, e.trace_lo, e.span_id, e.parent_id, o.service, e.start_ns, e.duration_ns,
       e.status, e.route, e.status_code
     from (${spansInGap('entries', of, gap)}) e join sources o on o.id = e.source
     where ${ofService('o')} and ($route is null or route = $route)
       and ($status is null or status = $status) and duration_ns between $least and $most
     order by e.${order} desc, e.trace_hi, e.trace_lo limit $width`,
    {
      service: query.service ?? null,
      route: query.route ?? null,
      status: query.status === undefined ? null : statuses.indexOf(query.status),
      least: nanoseconds(query.minDurationMs ?? 0),
      most: query.maxDurationMs === undefined ? farFuture : nanoseconds(query.maxDurationMs),
      width: BigInt(width),
    },
  )
  return hi.map((number, i) => {
    const traceId = traceDigits(number as bigint, lo?.[i] as bigint)
    const startNs = start?.[i] as bigint
    const durationNs = Number(duration?.[i])
    const statusCode = code?.[i]
    return {
      traceId,
      lo: lo?.[i] as bigint,
      spanId: span?.[i] as bigint,
      parentId: (parent?.[i] ?? null) as bigint | null,
      service: String(service?.[i]),
      startNs,
      durationNs,
      summary: {
        traceId,
        service: String(service?.[i]),
        route: String(route?.[i]),
        startNs,
        durationNs,
        status: statuses[Number(status?.[i])] ?? 'unset',
        ...(typeof statusCode === 'number' ? { statusCode } : {}),
      },
    }
  })
}

/** Those candidates that speak for their trace, in their order, with what else is in it. */
function speaking(
  query: TraceQuery,
  candidates: readonly Candidate[],
  members: ReadonlyMap<string, Members>,
): TraceSummary[] {
  const found = new Map<string, TraceSummary>()
  for (const { traceId, spanId, startNs, summary } of candidates) {
    if (found.size >= query.limit) break
    const whole = members.get(traceId)
    if (whole === undefined || found.has(traceId)) continue
    const root = rootOf(whole, query)
    if (root?.spanId !== spanId || root.startNs !== startNs) continue
    const services = [...new Set([...whole.services.values()].flat())].sort()
    found.set(traceId, { ...summary, spans: whole.services.size, services })
  }
  return [...found.values()]
}

/** Which entry speaks for a trace in a window. */
function rootOf({ entries, services }: Members, query: TraceQuery): Entry | undefined {
  const { since, until } = windowParameters(query)
  let first: Entry | undefined
  for (const entry of entries) {
    const { startNs, service } = entry
    if (startNs < since || startNs >= until) continue
    if (query.service !== undefined && service !== query.service) continue
    if ((first === undefined || isBefore(entry, first)) && isRoot(entry, services, query.service))
      first = entry
  }
  return first
}

function isRoot(
  { parentId }: Entry,
  services: Members['services'],
  service: string | undefined,
): boolean {
  const parent = parentId === null ? undefined : services.get(parentId)
  return parent === undefined || (service !== undefined && !parent.includes(service))
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.startNs < b.startNs || (a.startNs === b.startNs && a.spanId < b.spanId)

/** The earliest `limit` spans of one trace. Spans that came twice are in it twice. */
export async function readSpans(
  connection: DuckDBConnection,
  traceId: string,
  limit: number,
): Promise<SpanColumns> {
  const [hi, lo] = traceNumbers(traceId)
  return columns(
    connection,
    `select ${spanColumns} from spans s join sources o on o.id = s.source
     where s.trace_hi = $hi and s.trace_lo = $lo order by s.start_ns, s.span_id limit $limit`,
    { hi, lo, limit: BigInt(limit) },
  )
}

/** Traces, and between which times their spans begin. */
export interface Wanted {
  readonly traceIds: readonly string[]
  readonly fromNs: bigint
  readonly toNs: bigint
}

/** Spans of several traces, those of each together, by start. */
export async function readTogether(
  connection: DuckDBConnection,
  wanted: Wanted,
): Promise<SpanColumns> {
  const { where, values, types } = among('s', wanted)
  return columns(
    connection,
    `select ${spanColumns} from spans s join sources o on o.id = s.source
     where ${where} order by s.trace_hi, s.trace_lo, s.start_ns, s.span_id`,
    values,
    types,
  )
}

/** So many constants are compared with each row in half the time that a table of them takes. */
const mostConstants = 100

/**
 * SQL: the rows of `alias` that are of the wanted traces, with its parameters. By both halves of their ids
 * apart: a trace of random ids that has one half of one and the other of another does not come.
 */
export function among(alias: string, { traceIds, fromNs, toNs }: Wanted) {
  const numbers = traceIds.map(traceNumbers)
  const upper = [...new Set(numbers.map(([hi]) => hi))]
  const lower = [...new Set(numbers.map(([, lo]) => lo))]
  const times = { from: fromNs, to: toNs }
  const near = `${alias}.start_ns between $from and $to`
  if (traceIds.length <= mostConstants) {
    const where = `${near} and ${alias}.trace_lo in (${lower.join(', ')})
      and ${alias}.trace_hi in (${upper.join(', ')})`
    return { where, values: times, types: {} }
  }
  const where = `${near} and ${alias}.trace_lo in (select unnest($lower))
    and ${alias}.trace_hi in (select unnest($upper))`
  const values = { ...times, upper: listValue(upper), lower: listValue(lower) }
  return { where, values, types: { upper: LIST(UBIGINT), lower: LIST(UBIGINT) } }
}

/** Ids of traces by their first digits, which are a range of numbers. */
export async function readTraceIds(
  connection: DuckDBConnection,
  prefix: string,
  limit: number,
): Promise<string[]> {
  const [from, to] = [prefix.padEnd(32, '0'), prefix.padEnd(32, 'f')].map(traceNumbers)
  const [hi = [], lo] = await columns(
    connection,
    `select distinct trace_hi, trace_lo from entries
     where trace_hi between $fromHi and $toHi and (trace_hi > $fromHi or trace_lo >= $fromLo)
       and (trace_hi < $toHi or trace_lo <= $toLo)
     order by all limit $limit`,
    {
      fromHi: from?.[0] ?? 0n,
      fromLo: from?.[1] ?? 0n,
      toHi: to?.[0] ?? 0n,
      toLo: to?.[1] ?? 0n,
      limit: BigInt(limit),
    },
  )
  return hi.map((number, i) => traceDigits(number as bigint, lo?.[i] as bigint))
}
