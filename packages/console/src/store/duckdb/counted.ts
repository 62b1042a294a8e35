import type { MetricName } from '../../model.js'

/** The attribute without which a series says nothing of what it counts. */
const naming: Readonly<Record<MetricName, string>> = {
  'http.server.request.duration': 'http.route',
  'db.client.operation.duration': 'db.query.text',
  'db.client.connection.use_time': 'db.client.connection.pool.name',
}

/**
 * Which points count, where a process sends histograms and spans: the tables `told` (the series of the
 * metric, with what they tell) and `seen` (what each process sent), and the condition on a point `p` with
 * its series `s` of `told`. Parameters: `countedParameters`.
 *
 * A process that sends histograms of its own counts for itself: the points that were made from its
 * sampled spans are left out, in whatever order they came. But histograms without a route (of
 * frameworks that OpenTelemetry does not know) or without a statement (of most SDKs) only say that
 * something took time: there the spans count, which have the statement, and the route that was guessed.
 * A 404 has no route, and needs none.
 */
export const countedTables = `told as (
   select *, sampled and contains(attributes, '"hotpath.route.guessed":true') as guessed,
     contains(attributes, $naming) as named,
     contains(attributes, '"http.response.status_code":404') as missed,
     regexp_extract(attributes, '"db.system.name":"([^"]*)"', 1) as system
   from series where metric = $metric
 ), seen as (
   select distinct p.source, s.system, s.sampled, s.named
   from points p join told s on s.id = p.series
 )`

export const isCounted = `case
   when not s.sampled then s.named or s.missed or not exists (
     from seen o where o.source = p.source and o.system = s.system and o.sampled and o.named)
   when s.named then s.guessed or not exists (
     from seen o where o.source = p.source and o.system = s.system and not o.sampled and o.named)
   else not exists (
     from seen o where o.source = p.source and o.system = s.system and not o.sampled)
 end`

export const countedParameters = (metric: MetricName): { metric: string; naming: string } => ({
  metric,
  naming: `"${naming[metric]}":`,
})
