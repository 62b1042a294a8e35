import {
  LIST,
  VARCHAR,
  listValue,
  type DuckDBConnection,
  type DuckDBListValue,
  type DuckDBValue,
} from '@duckdb/node-api'
import type { TraceQuery, TraceSummary, Window } from '../store.js'
import { statuses } from '../encode.js'
import { columns } from './database.js'
import { farFuture, nanoseconds, ofService, spanInWindow, windowParameters } from './window.js'

/** Rows of spans by column, as they go back to the caller's thread. */
export type SpanColumns = readonly (readonly DuckDBValue[])[]

const spanColumns = `s.trace_id, s.span_id, s.parent_id, o.service, o.instance, s.name, s.kind,
  s.start_ns, s.duration_ns, s.status, s.attributes, s.links`

/**
 * A line for each trace that has a root in the window. A root has no parent, or is the server span of
 * a request whose caller is not in the store; with a service given, not in the store as that service's.
 * Of several roots the earliest speaks for the trace.
 */
export async function readTraces(
  connection: DuckDBConnection,
  query: TraceQuery,
): Promise<TraceSummary[]> {
  const order = query.order === 'slowest' ? 'duration_ns' : 'start_ns'
  const [id = [], service, route, start, duration, status, code, spans, services = []] =
    await columns(
      connection,
      `with roots as (
       select s.*, o.service from spans s join sources o on o.id = s.source
       where s.entry and ${spanInWindow('s')} and ${ofService('o')}
         and (s.parent_id is null or not exists (
           select 1 from spans p join sources q on q.id = p.source
           where p.trace_id = s.trace_id and p.span_id = s.parent_id and ${ofService('q')}))
       qualify row_number() over (partition by s.trace_id order by s.start_ns, s.span_id) = 1
     ), chosen as (
       select * from roots
       where ($route is null or route = $route) and ($status is null or status = $status)
         and duration_ns between $least and $most
       order by ${order} desc, trace_id limit $limit
     ), whole as (
       select s.trace_id, count(distinct s.span_id) as spans, list(distinct o.service) as services
       from spans s join sources o on o.id = s.source
       where s.trace_id in (select trace_id from chosen) group by s.trace_id
     )
     select c.trace_id, c.service, c.route, c.start_ns, c.duration_ns, c.status, c.status_code,
       w.spans, list_sort(w.services)
     from chosen c join whole w on w.trace_id = c.trace_id
     order by c.${order} desc, c.trace_id`,
      {
        ...windowParameters(query),
        route: query.route ?? null,
        status: query.status === undefined ? null : statuses.indexOf(query.status),
        least: nanoseconds(query.minDurationMs ?? 0),
        most: query.maxDurationMs === undefined ? farFuture : nanoseconds(query.maxDurationMs),
        limit: BigInt(query.limit),
      },
    )
  return id.map((traceId, i) => {
    const statusCode = code?.[i]
    return {
      traceId: String(traceId),
      service: String(service?.[i]),
      route: String(route?.[i]),
      startNs: start?.[i] as bigint,
      durationNs: Number(duration?.[i]),
      status: statuses[Number(status?.[i])] ?? 'unset',
      spans: Number(spans?.[i]),
      services: (services[i] as DuckDBListValue).items.map(String),
      ...(typeof statusCode === 'number' ? { statusCode } : {}),
    }
  })
}

/** The earliest `limit` spans of one trace. Spans that came twice are in it twice. */
export async function readSpans(
  connection: DuckDBConnection,
  traceId: string,
  limit: number,
): Promise<SpanColumns> {
  return columns(
    connection,
    `select ${spanColumns} from spans s join sources o on o.id = s.source
     where s.trace_id = $traceId order by s.start_ns, s.span_id limit $limit`,
    { traceId, limit: BigInt(limit) },
  )
}

async function readTogether(
  connection: DuckDBConnection,
  traceIds: readonly string[],
): Promise<SpanColumns> {
  const result = await connection.run(
    `select ${spanColumns} from spans s join sources o on o.id = s.source
     where s.trace_id in (select unnest($ids)) order by s.trace_id, s.start_ns, s.span_id`,
    { ids: listValue([...traceIds]) },
    { ids: LIST(VARCHAR) },
  )
  return result.getColumns()
}

/** Spans of one sample over all its traces: what the detectors go through in about a second. */
const sampleSpans = 200_000
/** The recorder cuts a trace at as many spans. */
const sampleSpansPerTrace = 5_000

/**
 * Whole traces for each route that a process was entered by: its newest and its slowest in turn, up
 * to `perRoute`. When all of them together are too many spans, the first of every route come first.
 */
export async function readSample(
  connection: DuckDBConnection,
  window: Window,
  perRoute: number,
): Promise<SpanColumns> {
  const [ids = [], spans] = await columns(
    connection,
    `with entries as (
       select s.trace_id, o.service, s.route, max(s.start_ns) as start_ns, max(s.duration_ns) as duration_ns
       from spans s join sources o on o.id = s.source
       where s.entry and ${spanInWindow('s')} and ${ofService('o')} group by all
     ), ranked as (
       select *, row_number() over (partition by service, route order by start_ns desc, trace_id) as newest,
         row_number() over (partition by service, route order by duration_ns desc, trace_id) as slowest
       from entries
     ), chosen as (
       select *, row_number() over (partition by service, route
         order by least(newest, slowest), newest) as place
       from ranked qualify place <= $perRoute
     ), traces as (
       select trace_id, min(place) as place from chosen group by trace_id
     )
     select t.trace_id, count(*)
     from traces t join spans s on s.trace_id = t.trace_id
     group by t.trace_id, t.place order by t.place, t.trace_id`,
    { ...windowParameters(window), perRoute: BigInt(perRoute) },
  )
  const whole: string[] = []
  const cut: string[] = []
  let left = sampleSpans
  for (const [i, id] of ids.entries()) {
    const count = Number(spans?.[i])
    left -= Math.min(count, sampleSpansPerTrace)
    if (left < 0) break
    if (count > sampleSpansPerTrace) cut.push(String(id))
    else whole.push(String(id))
  }
  // Cut ones are rare; each for itself has its limit where the rows are read.
  const parts = whole.length > 0 ? [await readTogether(connection, whole)] : []
  for (const id of cut) parts.push(await readSpans(connection, id, sampleSpansPerTrace))
  const [first = [], ...others] = parts
  return first.map((column, i) => column.concat(...others.map(other => other[i] ?? [])))
}
