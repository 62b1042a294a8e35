import { emptyHistogram, merge } from '../diagnose/quantile.js'
import { type Attributes, type Histogram, isFailure, routeOf } from '../model.js'
import type { Series, Store } from '../store/store.js'
import type { RouteRow, RoutesAnswer, StatementRow, StatementsAnswer } from './answers.js'
import { latencyOf } from './latency.js'
import { allowOnly, windowAnswer, windowOf } from './window.js'

/** All routes in a window, the one that takes the most time first. */
export async function routes(
  store: Store,
  query: URLSearchParams,
  nowMs: number,
): Promise<RoutesAnswer> {
  allowOnly(query, [])
  const window = windowOf(query, nowMs)
  const [head, series, extent] = await Promise.all([
    windowAnswer(store, window),
    store.series('http.server.request.duration', window),
    store.extent(),
  ])
  // A store that is younger than the window has not seen all of it.
  const fromMs = Math.max(window.sinceMs, extent.oldestMs ?? 0)
  const seconds = Math.max(1, (window.untilMs - fromMs) / 1e3)
  const summed = sum(series, routeOf)
  const total = totalMs(series)
  const rows = summed.map(({ service, key, histogram, errors, sampled }): RouteRow => {
    const latency = latencyOf(histogram)
    return {
      service,
      route: key,
      ...latency,
      rate: histogram.count / seconds,
      errors,
      share: total === 0 ? 0 : latency.totalMs / total,
      sampled,
    }
  })
  return { ...head, routes: rows.sort((a, b) => b.totalMs - a.totalMs) }
}

/** All statements in a window, the one that takes the most time first. */
export async function statements(
  store: Store,
  query: URLSearchParams,
  nowMs: number,
): Promise<StatementsAnswer> {
  allowOnly(query, [])
  const window = windowOf(query, nowMs)
  const [head, series] = await Promise.all([
    windowAnswer(store, window),
    store.series('db.client.operation.duration', window),
  ])
  const total = totalMs(series)
  const rows = sum(series, statementKey).map((row): StatementRow => {
    const [system = '', statement = ''] = JSON.parse(row.key) as string[]
    const latency = latencyOf(row.histogram)
    return {
      service: row.service,
      system,
      statement,
      ...latency,
      errors: row.errors,
      share: total === 0 ? 0 : latency.totalMs / total,
      sampled: row.sampled,
    }
  })
  return { ...head, statements: rows.sort((a, b) => b.totalMs - a.totalMs) }
}

export function totalMs(series: readonly Series[]): number {
  return series.reduce((sum, { histogram }) => sum + histogram.sum * 1e3, 0)
}

export function totalCount(series: readonly Series[]): number {
  return series.reduce((sum, { histogram }) => sum + histogram.count, 0)
}

function statementKey(attributes: Attributes): string {
  const text = attributes['db.query.text'] ?? attributes['db.operation.name'] ?? '(no text)'
  return JSON.stringify([String(attributes['db.system.name'] ?? ''), String(text)])
}

interface Sum {
  readonly service: string
  readonly key: string
  readonly histogram: Histogram
  readonly errors: number
  readonly sampled: boolean
}

/** One sum for each service and key, over status codes and errors. */
function sum(series: readonly Series[], keyOf: (attributes: Attributes) => string): Sum[] {
  const sums = new Map<string, Sum>()
  for (const { service, attributes, histogram, sampled } of series) {
    const key = keyOf(attributes)
    const id = `${service}\u0000${key}`
    const known = sums.get(id)
    const failed = isFailure(attributes) ? histogram.count : 0
    sums.set(id, {
      service,
      key,
      histogram: merge(known?.histogram ?? emptyHistogram, histogram),
      errors: (known?.errors ?? 0) + failed,
      sampled: (known?.sampled ?? false) || sampled,
    })
  }
  return [...sums.values()]
}
