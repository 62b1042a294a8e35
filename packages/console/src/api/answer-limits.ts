import type { CounterPoint } from '../model.js'
import type { Store } from '../store/store.js'
import type { LimitReason, LimitRow, LimitsAnswer } from './answers.js'
import { allowOnly, windowAnswer, windowOf } from './window.js'

const mostKeys = 10

interface Sum {
  readonly service: string
  readonly route: string
  /** By the name of the counter, without `hotpath.`. */
  readonly counts: Map<string, number>
  readonly refusedBy: Map<string, LimitReason>
  readonly keys: Map<string, number>
}

const policies: ReadonlyMap<string, LimitReason['policy']> = new Map([
  ['limit.refused', 'limit'],
  ['concurrency.refused', 'concurrency'],
  ['shed.refused', 'shed'],
  ['body.refused', 'body'],
])

/** What became of requests at limits, throttles, concurrency and shedding: the route that refused most first. */
export async function limits(
  store: Store,
  query: URLSearchParams,
  nowMs: number,
): Promise<LimitsAnswer> {
  allowOnly(query, [])
  const window = windowOf(query, nowMs)
  const [head, counters] = await Promise.all([windowAnswer(store, window), store.counters(window)])
  const sums = new Map<string, Sum>()
  for (const point of counters) add(sums, point)
  const routes = [...sums.values()].map(rowOf)
  return {
    ...head,
    routes: routes.sort(
      (a, b) =>
        b.refused - a.refused ||
        b.shadowRefused - a.shadowRefused ||
        b.delayed - a.delayed ||
        b.allowed - a.allowed,
    ),
  }
}

function add(sums: Map<string, Sum>, { name, service, attributes, value }: CounterPoint): void {
  const what = /^hotpath\.((?:limit|concurrency|shed|body)\..+)$/.exec(name)?.[1]
  if (what === undefined) return
  const { 'http.request.method': method, 'http.route': template, reason } = attributes
  const route = [method, template].filter(part => part !== undefined).join(' ') || '*'
  const id = JSON.stringify([service, route])
  const sum = sums.get(id) ?? {
    service,
    route,
    counts: new Map(),
    refusedBy: new Map(),
    keys: new Map(),
  }
  sums.set(id, sum)
  if (what === 'limit.key.refused') {
    const key = String(attributes['hotpath.limit.key'] ?? '')
    sum.keys.set(key, (sum.keys.get(key) ?? 0) + value)
    return
  }
  sum.counts.set(what, (sum.counts.get(what) ?? 0) + value)
  const policy = policies.get(what)
  if (policy === undefined) return
  const named = String(reason ?? '')
  const known = sum.refusedBy.get(`${policy} ${named}`)
  const count = (known?.count ?? 0) + value
  sum.refusedBy.set(`${policy} ${named}`, { policy, reason: named, count })
}

function rowOf({ service, route, counts, refusedBy, keys }: Sum): LimitRow {
  const of = (name: string): number => counts.get(name) ?? 0
  const delayed = of('limit.delayed')
  const reasons = [...refusedBy.values()].sort((a, b) => b.count - a.count)
  return {
    service,
    route,
    allowed: of('limit.allowed'),
    delayed,
    averageDelayMs: delayed === 0 ? null : of('limit.delay_us') / delayed / 1e3,
    queued: of('concurrency.queued'),
    refused: reasons.reduce((sum, { count }) => sum + count, 0),
    refusedBy: reasons,
    shadowRefused:
      of('limit.shadow.refused') + of('concurrency.shadow.refused') + of('shed.shadow.refused'),
    alone: of('limit.alone'),
    keys: [...keys]
      .map(([key, refused]) => ({ key, refused }))
      .sort((a, b) => b.refused - a.refused)
      .slice(0, mostKeys),
  }
}
