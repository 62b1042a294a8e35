import { withBatching } from '../diagnose/batching.js'
import { found } from '../diagnose/findings.js'
import { poolsOf, withPools } from '../diagnose/pools.js'
import { ConsoleError } from '../errors.js'
import { requestsIn } from '../diagnose/seen.js'
import { type Finding, routeOf, type Trace } from '../model.js'
import { byWorth, withGains } from '../predict/gain.js'
import type { Store } from '../store/store.js'
import type { FindingAnswer, FindingsAnswer } from './answers.js'
import { worseThanBefore } from './past.js'
import { sampledTraces } from './sampled-traces.js'
import { totalCount, totalMs } from './answer-routes.js'
import { checkPrefix, onlyMatch } from './prefix.js'
import { type AskedWindow, allowOnly, windowAnswer, windowOf } from './window.js'

/** 20 traces a route: the median of 20 is steady. */
const perRoute = 20

/** Recorders say what a pool has in use every 1 to 10 s. */
const finestMs = 10_000
/** Steps of a window: days in steps of 10 s were hundreds of MB for some processes. */
const mostSteps = 2_000
/** Less traffic than of a minute is not stretched to an hour. */
const leastMs = 60_000
/** What is asked of pools. */
const poolGauges = [
  'db.client.connection.count',
  'db.client.connection.max',
  'db.client.connection.pending_requests',
  'hotpath.pool.server_max',
] as const

/** All findings of a window, those first whose fixes would save the most. */
export async function findings(
  store: Store,
  query: URLSearchParams,
  nowMs: number,
): Promise<FindingsAnswer> {
  allowOnly(query, [])
  const window = windowOf(query, nowMs)
  const [head, { sampled, ...found }] = await Promise.all([
    windowAnswer(store, window),
    findIn(store, window),
  ])
  const looked = sampled.map(({ service, route, startsMs }) => {
    return { service, route, requests: startsMs.length }
  })
  return { ...head, ...found, looked }
}

/** One finding of a window, by its id or the first digits of it. */
export async function finding(
  store: Store,
  id: string,
  query: URLSearchParams,
  nowMs: number,
): Promise<FindingAnswer> {
  return oneOf(await findings(store, query, nowMs), id)
}

/** The same of an answer to `findings`; those that stand apart from its list have no rank. */
export function oneOf(
  { findings: listed, looked: _looked, ignored: _ignored, fixed: _fixed, ...head }: FindingsAnswer,
  id: string,
  apart: readonly Finding[] = [],
): FindingAnswer {
  const prefix = checkPrefix(id, 8)
  const all = [...listed, ...apart]
  const match = onlyMatch(
    prefix,
    all.map(one => one.id),
  )
  const at = all.findIndex(one => one.id === match)
  const finding = all[at]
  if (!finding) throw new ConsoleError('FINDING_UNKNOWN', { id })
  return { ...head, finding, rank: at < listed.length ? at + 1 : null }
}

/** What was looked at for findings: the requests of a route in the traces that were sampled. */
export interface Sampled {
  readonly service: string
  readonly route: string
  /** When each of them began, since 1970. */
  readonly startsMs: readonly number[]
}

function sampledIn(traces: readonly Trace[]): Sampled[] {
  const byRoute = new Map<string, Sampled & { startsMs: number[] }>()
  for (const { service, attributes, name, startNs } of traces.flatMap(requestsIn)) {
    const route = routeOf(attributes, name)
    const key = JSON.stringify([service, route])
    const one = byRoute.get(key) ?? { service, route, startsMs: [] }
    one.startsMs.push(Number(startNs / 1_000_000n))
    byRoute.set(key, one)
  }
  return [...byRoute.values()]
}

/** The findings of a window with what they are weighed against. */
export async function findIn(
  store: Store,
  window: AskedWindow,
): Promise<{ findings: Finding[]; requests: number; totalMs: number; sampled: Sampled[] }> {
  const widthMs = window.untilMs - window.sinceMs
  const stepMs = finestMs * Math.max(1, Math.ceil(widthMs / mostSteps / finestMs))
  const [traces, series, counters, levels, processes, extent] = await Promise.all([
    store.sample(window, perRoute).then(sample => sampledTraces(store).of(sample)),
    store.seriesOf(
      [
        'http.server.request.duration',
        'db.client.operation.duration',
        'db.client.connection.use_time',
      ],
      window,
    ),
    store.counters(window),
    store.gauges({ ...window, names: poolGauges, stepMs }),
    store.processes(window),
    store.extent(),
  ])
  const routes = series['http.server.request.duration']
  const statements = series['db.client.operation.duration']
  const uses = series['db.client.connection.use_time']
  const pools = poolsOf({ uses, levels, processes, counters })
  const material = { traces, routes, statements }
  // From the first to the last that was heard in the window: without traffic nothing is to be saved.
  const sinceMs = Math.max(window.sinceMs, extent.oldestMs ?? 0)
  const untilMs = Math.min(window.untilMs, extent.newestMs ?? Infinity)
  const hours = Math.max(leastMs, untilMs - sinceMs) / 3_600_000
  const worth = withGains(found(material), material, hours)
  const worse = await worseThanBefore(store, window, { traces, processes, routes })
  const all = [...withPools(withBatching(worth, counters), pools), ...worse].sort(byWorth)
  const asked = window.service
  return {
    // A trace brings the spans of every service that it went through.
    findings: asked === undefined ? all : all.filter(({ service }) => service === asked),
    requests: totalCount(routes),
    totalMs: totalMs(routes),
    sampled: sampledIn(traces).filter(({ service }) => asked === undefined || service === asked),
  }
}
