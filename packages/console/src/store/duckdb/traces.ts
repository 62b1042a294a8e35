import { LIST, UBIGINT, listValue, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api'
import type { TraceQuery, TraceSummary } from '../store.js'
import { statuses } from '../span-table.js'
import { columns } from './database.js'
import { minuteNs } from './recent.js'
import type { Looked, Settled } from './settled.js'
import { traceDigits, traceNumbers } from './ids.js'
import { farFuture, nanoseconds, ofService, spanInWindow, windowParameters } from './window.js'

/** Rows of spans by column, as they go back to the caller's thread. */
export type SpanColumns = readonly (readonly DuckDBValue[])[]

const spanColumns = `s.trace_hi, s.trace_lo, s.span_id, s.parent_id, o.service, o.instance, s.name,
  s.kind, s.start_ns, s.duration_ns, s.status, s.attributes, s.links`

/** A row of `entries`: where work entered a process. */
interface Entry {
  readonly trace: string
  readonly lo: bigint
  readonly spanId: bigint
  readonly parentId: bigint | null
  readonly service: string
  readonly startNs: bigint
}

interface Candidate extends Entry {
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
  known: Settled<TraceMembers>,
  newestNs: bigint,
  query: TraceQuery,
): Promise<TraceSummary[]> {
  for (let width = 3 * query.limit + 20; ; width *= 8) {
    const candidates = await readCandidates(connection, query, width, newestNs)
    const spans = await readMembers(connection, known, newestNs, candidates)
    const found = await speaking(connection, query, candidates, spans)
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
  query: TraceQuery,
  width: number,
  newestNs: bigint,
): Promise<Candidate[]> {
  const { since, until } = windowParameters(query)
  if (query.order !== 'slowest') {
    const end = until < newestNs ? until : newestNs
    for (const nearNs of nearEndsNs) {
      if (end - nearNs <= since) break
      const found = await candidatesFrom(connection, query, width, end - nearNs)
      if (found.length >= width) return found
    }
  }
  return candidatesFrom(connection, query, width, since)
}

async function candidatesFrom(
  connection: DuckDBConnection,
  query: TraceQuery,
  width: number,
  since: bigint,
): Promise<Candidate[]> {
  const order = query.order === 'slowest' ? 'duration_ns' : 'start_ns'
  const [hi = [], lo, span, parent, service, start, duration, status, route, code] = await columns(
    connection,
    `select e.trace_hi, e.trace_lo, e.span_id, e.parent_id, o.service, e.start_ns, e.duration_ns,
       e.status, e.route, e.status_code
     from entries e join sources o on o.id = e.source
     where ${spanInWindow('e')} and ${ofService('o')} and ($route is null or route = $route)
       and ($status is null or status = $status) and duration_ns between $least and $most
     order by e.${order} desc, e.trace_hi, e.trace_lo limit $width`,
    {
      ...windowParameters(query),
      since,
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
    const statusCode = code?.[i]
    return {
      trace: traceId,
      lo: lo?.[i] as bigint,
      spanId: span?.[i] as bigint,
      parentId: (parent?.[i] ?? null) as bigint | null,
      service: String(service?.[i]),
      startNs,
      summary: {
        traceId,
        service: String(service?.[i]),
        route: String(route?.[i]),
        startNs,
        durationNs: Number(duration?.[i]),
        status: statuses[Number(status?.[i])] ?? 'unset',
        ...(typeof statusCode === 'number' ? { statusCode } : {}),
      },
    }
  })
}

/** Those candidates that speak for their trace, in their order, with what else is in it. */
async function speaking(
  connection: DuckDBConnection,
  query: TraceQuery,
  candidates: readonly Candidate[],
  spans: Members,
): Promise<TraceSummary[]> {
  if (candidates.length === 0) return []
  const entries = await readEntries(connection, query, candidates)
  const first = new Map<string, Entry>()
  for (const entry of entries) {
    const known = first.get(entry.trace)
    if ((known === undefined || isBefore(entry, known)) && isRoot(entry, spans, query.service))
      first.set(entry.trace, entry)
  }
  const found = new Map<string, TraceSummary>()
  for (const { trace, spanId, startNs, summary } of candidates) {
    const root = first.get(trace)
    if (found.size >= query.limit) break
    if (root?.spanId !== spanId || root.startNs !== startNs || found.has(trace)) continue
    const members = spans.get(trace) ?? new Map<bigint, string[]>()
    const services = [...new Set([...members.values()].flat())].sort()
    found.set(trace, { ...summary, spans: members.size, services })
  }
  return [...found.values()]
}

/**
 * Numbers of ours, not text of theirs. For eighty ids constants take two thirds of the time of a join.
 * Lower halves, which are random in every format of ids, where upper ones can be a time or zeros.
 */
const idsOf = (candidates: readonly Candidate[]): string =>
  [...new Set(candidates.map(({ lo }) => lo))].join(', ')

/** The services that sent each span of a trace. */
export type TraceMembers = ReadonlyMap<bigint, readonly string[]>
type Members = ReadonlyMap<string, TraceMembers>

/** How far from its entries the spans of a trace, and its other entries, are looked for, but for a trace asked for by its id. */
export const aroundNs = 3_600_000_000_000n

async function readMembers(
  connection: DuckDBConnection,
  known: Settled<TraceMembers>,
  newestNs: bigint,
  candidates: readonly Candidate[],
): Promise<Members> {
  if (candidates.length === 0) return new Map()
  const nowMs = Date.now()
  const members = new Map<string, TraceMembers>()
  const unknown: Candidate[] = []
  for (const candidate of candidates) {
    const spans = known.get(candidate.trace, around([candidate]), nowMs)
    if (spans === undefined) unknown.push(candidate)
    else members.set(candidate.trace, spans)
  }
  // Around these alone: as a rule they are the newest, and the others known.
  for (const [trace, spans] of await lookUp(connection, around(unknown), unknown))
    members.set(trace, spans)
  for (const candidate of unknown) {
    const { trace, startNs, summary } = candidate
    const spans = members.get(trace)
    const endNs = startNs + BigInt(summary.durationNs)
    const times = { ...around([candidate]), endNs, newestNs, nowMs }
    if (spans !== undefined) known.note(trace, spans, spans.size, times)
  }
  return members
}

function around(candidates: readonly Candidate[]): Looked {
  let [from, to] = [farFuture, -farFuture]
  for (const { startNs, summary } of candidates) {
    const endNs = startNs + BigInt(summary.durationNs)
    if (startNs < from) from = startNs
    if (endNs > to) to = endNs
  }
  return { fromNs: from - aroundNs, toNs: to + aroundNs }
}

async function lookUp(
  connection: DuckDBConnection,
  { fromNs, toNs }: Looked,
  candidates: readonly Candidate[],
): Promise<Members> {
  if (candidates.length === 0) return new Map()
  const [hi = [], lo, span, service] = await columns(
    connection,
    `select s.trace_hi, s.trace_lo, s.span_id, o.service
     from spans s join sources o on o.id = s.source
     where s.trace_lo in (${idsOf(candidates)}) and s.start_ns between $from and $to`,
    { from: fromNs, to: toNs },
  )
  const members = new Map<string, Map<bigint, string[]>>()
  for (const [i, number] of hi.entries()) {
    const trace = traceDigits(number as bigint, lo?.[i] as bigint)
    const spans = members.get(trace) ?? new Map<bigint, string[]>()
    members.set(trace, spans)
    const services = spans.get(span?.[i] as bigint)
    if (services === undefined) spans.set(span?.[i] as bigint, [String(service?.[i])])
    else if (!services.includes(String(service?.[i]))) services.push(String(service?.[i]))
  }
  return members
}

async function readEntries(
  connection: DuckDBConnection,
  query: TraceQuery,
  candidates: readonly Candidate[],
): Promise<Entry[]> {
  const { fromNs, toNs } = around(candidates)
  const [hi = [], lo, span, parent, service, start] = await columns(
    connection,
    `select e.trace_hi, e.trace_lo, e.span_id, e.parent_id, o.service, e.start_ns
     from entries e join sources o on o.id = e.source
     where e.trace_lo in (${idsOf(candidates)}) and ${spanInWindow('e')} and ${ofService('o')}
       and e.start_ns between $from and $to`,
    { ...windowParameters(query), from: fromNs, to: toNs },
  )
  return hi.map((number, i) => ({
    trace: traceDigits(number as bigint, lo?.[i] as bigint),
    lo: lo?.[i] as bigint,
    spanId: span?.[i] as bigint,
    parentId: (parent?.[i] ?? null) as bigint | null,
    service: String(service?.[i]),
    startNs: start?.[i] as bigint,
  }))
}

function isRoot({ trace, parentId }: Entry, spans: Members, service: string | undefined): boolean {
  const parent = parentId === null ? undefined : spans.get(trace)?.get(parentId)
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
