import type { DuckDBConnection } from '@duckdb/node-api'
import { INTEGER, LIST, listValue, VARCHAR } from './api.js'
import type { MetricName } from '../../model.js'
import { columns } from './database.js'
import type { Kept } from './kept.js'
import { rolledUp, type Rollups } from './rollups.js'
import { farFuture } from './window.js'

/** The attribute without which a series says nothing of what it counts. */
const names: Readonly<Record<MetricName, string>> = {
  'http.server.request.duration': 'http.route',
  'db.client.operation.duration': 'db.query.text',
  'db.client.connection.use_time': 'db.client.connection.pool.name',
}

const naming = Object.entries(names)
  .map(([metric, name]) => `when '${metric}' then '"${name}":'`)
  .join(' ')

/** What a process sent of a series does not count: `sources[i]` of `series[i]`. */
export interface Uncounted {
  readonly sources: readonly number[]
  readonly series: readonly number[]
}

/** What is known before it is asked what counts. */
export interface KnownCounting {
  readonly rollups: Rollups
  readonly uncounted: Kept<Uncounted>
}

/**
 * Which points do not count, where a process sends histograms and spans. Kept as long as no process sends
 * what it never sent.
 *
 * A process that sends histograms of its own counts for itself: the points that were made from its
 * sampled spans are left out, in whatever order they came. But histograms without a route (of
 * frameworks that OpenTelemetry does not know) or without a statement (of most SDKs) only say that
 * something took time: there the spans count, which have the statement, and the route that was guessed.
 * A 404 has no route, and needs none.
 */
function uncountedOf(
  connection: DuckDBConnection,
  { rollups, uncounted }: KnownCounting,
  metrics: readonly MetricName[],
): Promise<Uncounted> {
  return uncounted.over({ from: -farFuture, to: farFuture }, metrics, async () => {
    const { m0, m1, t0, t1 } = rollups.split(-farFuture, farFuture)
    const [sources = [], series = []] = await columns(
      connection,
      uncountedSql,
      {
        metrics: listValue([...metrics]),
        ever_m0: m0,
        ever_m1: m1,
        ever_t0: t0,
        ever_t1: t1,
      },
      { metrics: LIST(VARCHAR) },
    )
    const value = { sources: sources.map(Number), series: series.map(Number) }
    return { value, size: 2 * sources.length + 1 }
  })
}

/** Before an answer is given that two sets of points were counted for: senders do not begin anew so often. */
const mostTries = 4

/**
 * Reads points by what counts. Both are asked for one after the other: where a process has sent what it never
 * sent in between, its spans and its own histogram would both be counted, so it is read again.
 */
export async function countedBy<Result>(
  connection: DuckDBConnection,
  known: KnownCounting,
  metrics: readonly MetricName[],
  read: (uncounted: Uncounted) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    const { changes } = known.uncounted
    const result = await read(await uncountedOf(connection, known, metrics))
    if (changes === known.uncounted.changes || tries === mostTries) return result
  }
}

/** SQL: the condition that a point `p` counts, with its parameters. As a rule all do. */
export function onlyCounted({ sources, series }: Uncounted) {
  if (sources.length === 0) return { where: 'true', values: {}, types: {} }
  return {
    where: `not exists (select 1 from
      (select unnest($notSources) as source, unnest($notSeries) as series) u
      where u.source = p.source and u.series = p.series)`,
    values: { notSources: listValue([...sources]), notSeries: listValue([...series]) },
    types: { notSources: LIST(INTEGER), notSeries: LIST(INTEGER) },
  }
}

/** `told`: the series of the metrics, with what they tell; `seen`: what each process sent. */
const countedTables = `told as (
   select *, sampled and contains(attributes, '"hotpath.route.guessed":true') as guessed,
     contains(attributes, case metric ${naming} end) as named,
     contains(attributes, '"http.response.status_code":404') as missed,
     regexp_extract(attributes, '"db.system.name":"([^"]*)"', 1) as system
   from series where list_contains($metrics, metric)
 ), ever as (
   ${rolledUp('source, series', 'ever_')}
   union all select source, series from points where end_ns <= $ever_m0 or end_ns > $ever_m1
 ), seen as (
   select distinct p.source, s.metric, s.system, s.sampled, s.named
   from ever p join told s on s.id = p.series
 )`

const isCounted = `case
   when not s.sampled then s.named or s.missed or not exists (
     from seen o where o.source = p.source and o.metric = s.metric and o.system = s.system and o.sampled and o.named)
   when s.named then s.guessed or not exists (
     from seen o where o.source = p.source and o.metric = s.metric and o.system = s.system and not o.sampled and o.named)
   else not exists (
     from seen o where o.source = p.source and o.metric = s.metric and o.system = s.system and not o.sampled)
 end`

const uncountedSql = `with ${countedTables}
 select distinct p.source, p.series from ever p join told s on s.id = p.series where not (${isCounted})`
