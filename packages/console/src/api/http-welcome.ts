/** What `GET /` shows until there is a page (its place is packages/console/ui). */
export const welcome = (): string => `Hotpath console

It takes OTLP over HTTP at /v1/traces and /v1/metrics. The page in the browser is to come; ask in a
terminal meanwhile:

  hotpath routes        time by route
  hotpath statements    time by statement
  hotpath traces        requests that were kept
  hotpath trace ID      one of them, as a waterfall
  hotpath findings      what makes the API slow
  hotpath show ID       one finding: evidence, place, cost, what to do
  hotpath alerts        what the alerts of the config say

The same as JSON: /api/routes, /api/statements, /api/traces, /api/traces/ID, /api/findings,
/api/findings/ID, /api/timeline, /api/processes, /api/compare, /api/alerts,
/api/status. For Prometheus: /metrics.
`
