import type {
  CounterPoint,
  GaugePoint,
  Histogram,
  HistogramPoint,
  MetricName,
  ProcessInfo,
  Span,
} from '../../dist/model.js'
import { isFailure, routeOf } from '../../dist/model.js'
import type {
  Batch,
  DeliveryState,
  GaugeQuery,
  GaugeSeries,
  ProcessState,
  Series,
  TimelineQuery,
  TimelineStep,
  TraceQuery,
  TraceSummary,
  Window,
} from '../../dist/store/store.js'

/** The store as plain lists: what every driver must answer, said as simply as possible. */
export class ModelStore {
  spans: Span[] = []
  points: HistogramPoint[] = []
  counterPoints: CounterPoint[] = []
  gaugePoints: GaugePoint[] = []
  infos = new Map<string, ProcessInfo>()
  ledger = new Map<string, { seen: Set<number>; firstNs: bigint; lastNs: bigint }>()

  write(batch: Batch): boolean {
    if (batch.delivery !== undefined) {
      const { service, instance, sequence } = batch.delivery
      const times = [...batch.histograms, ...batch.counters, ...(batch.gauges ?? [])].map(
        point => point.endNs,
      )
      const at = times.reduce((a, b) => (a > b ? a : b), 0n)
      const key = JSON.stringify([service, instance])
      const known = this.ledger.get(key) ?? { seen: new Set(), firstNs: at, lastNs: at }
      if (known.seen.has(sequence)) return true
      known.seen.add(sequence)
      if (at < known.firstNs) known.firstNs = at
      if (at > known.lastNs) known.lastNs = at
      this.ledger.set(key, known)
    }
    if ('texts' in batch.spans) throw new Error('the model takes lists of spans')
    this.spans.push(...batch.spans)
    this.points.push(...batch.histograms)
    this.counterPoints.push(...batch.counters)
    this.gaugePoints.push(...(batch.gauges ?? []))
    for (const info of batch.processes ?? []) this.infos.set(sourceOf(info), info)
    return false
  }

  prune(beforeNs: bigint): void {
    const before = this.#size()
    this.spans = this.spans.filter(span => span.startNs >= beforeNs)
    this.points = this.points.filter(point => point.endNs >= beforeNs)
    this.counterPoints = this.counterPoints.filter(point => point.endNs >= beforeNs)
    this.gaugePoints = this.gaugePoints.filter(point => point.endNs >= beforeNs)
    // A ledger outlives what it counted, by far longer than these tests prune.
    // What was said of a process goes with the last that it sent.
    if (this.#size() === before) return
    const alive = new Set([...this.telemetry().map(sourceOf), ...this.ledger.keys()])
    for (const key of this.infos.keys()) if (!alive.has(key)) this.infos.delete(key)
  }

  telemetry(): (Span | HistogramPoint | CounterPoint | GaugePoint)[] {
    return [...this.spans, ...this.points, ...this.counterPoints, ...this.gaugePoints]
  }

  #size(): number {
    return this.telemetry().length + this.ledger.size
  }

  gauges(query: GaugeQuery): GaugeSeries[] {
    const stepNs = BigInt(query.stepMs) * 1_000_000n
    const firstMs = Math.floor(query.sinceMs / query.stepMs) * query.stepMs
    const groups = new Map<string, Map<number, GaugePoint[]>>()
    for (const point of this.gaugePoints) {
      if (!pointIn(point, { ...query, sinceMs: firstMs })) continue
      if (query.names?.includes(point.name as never) === false) continue
      if (point.name === 'process.cpu.time' && point.startNs === point.endNs) continue
      const { name, service, instance, attributes } = point
      const key = JSON.stringify({ name, service, instance, attributes })
      const steps = groups.get(key) ?? new Map<number, GaugePoint[]>()
      const startMs = Number(((point.endNs - 1n) / stepNs) * stepNs) / 1e6
      steps.set(startMs, [...(steps.get(startMs) ?? []), point])
      groups.set(key, steps)
    }
    return [...groups].map(([key, steps]) => ({
      ...(JSON.parse(key) as Omit<GaugeSeries, 'steps'>),
      steps: [...steps]
        .sort(([a], [b]) => a - b)
        .map(([startMs, points]) => ({ startMs, value: average(points) })),
    }))
  }

  processes(window: Window): ProcessState[] {
    const seen = new Map<string, { service: string; instance: string; times: bigint[] }>()
    const note = (each: ReturnType<ModelStore['telemetry']>[number]): void => {
      const inside = 'spanId' in each ? spanIn(each, window) : pointIn(each, window)
      if (!inside) return
      const { service, instance } = each
      const at = 'spanId' in each ? each.startNs : each.endNs
      const times = [...(seen.get(sourceOf(each))?.times ?? []), at]
      seen.set(sourceOf(each), { service, instance, times })
    }
    const [told, others] = [this.telemetry().filter(tells), this.telemetry()]
    for (const each of told) note(each)
    // A process of which nothing else is known is seen by whatever spans it sent.
    const known = new Set(seen.keys())
    for (const each of others) if (!known.has(sourceOf(each))) note(each)
    return [...seen].map(([key, { service, instance, times }]) => ({
      ...this.infos.get(key),
      service,
      instance,
      firstMs: Number(times.reduce((a, b) => (a < b ? a : b))) / 1e6,
      lastMs: Number(times.reduce((a, b) => (a > b ? a : b))) / 1e6,
    }))
  }

  series(metric: MetricName, window: Window): Series[] {
    const points = this.points.filter(point => point.metric === metric)
    const seen = this.#seen(metric)
    const merged = new Map<string, Series>()
    for (const point of points) {
      if (!pointIn(point, window) || !counts(point, seen.get(senderOf(point)) ?? [])) continue
      const { service, attributes, sampled, histogram } = point
      const key = JSON.stringify([service, attributes, sampled])
      const before = merged.get(key)
      merged.set(key, {
        service,
        attributes,
        sampled,
        histogram: before ? add(before.histogram, histogram) : histogram,
      })
    }
    return [...merged.values()]
  }

  timeline(metric: MetricName, query: TimelineQuery): TimelineStep[] {
    const { stepMs, untilMs } = query
    const seen = this.#seen(metric)
    const stepNs = BigInt(stepMs) * 1_000_000n
    const chosen = this.points.filter(
      point =>
        point.metric === metric &&
        serviceIn(point, query) &&
        (query.route === undefined || routeOf(point.attributes) === query.route) &&
        counts(point, seen.get(senderOf(point)) ?? []),
    )
    const steps: TimelineStep[] = []
    for (
      let startMs = Math.floor(query.sinceMs / stepMs) * stepMs;
      startMs < untilMs;
      startMs += stepMs
    ) {
      const [from, to] = [BigInt(startMs) * 1_000_000n, BigInt(startMs) * 1_000_000n + stepNs]
      let step: TimelineStep | undefined
      for (const point of chosen) {
        // A point of no length lies in the nanosecond before its end.
        const began = point.startNs < point.endNs ? point.startNs : point.endNs - 1n
        if (began >= BigInt(untilMs) * 1_000_000n) continue
        const inside = Number((point.endNs < to ? point.endNs : to) - (began > from ? began : from))
        if (inside <= 0) continue
        const histogram = scaled(point.histogram, inside / Number(point.endNs - began))
        const failed = isFailure(point.attributes) ? histogram.count : 0
        step = {
          startMs,
          errors: (step?.errors ?? 0) + failed,
          histogram: step ? add(step.histogram, histogram) : histogram,
        }
      }
      if (step) steps.push(step)
    }
    return steps
  }

  /** All points of each sender, in whatever window. */
  #seen(metric: MetricName): Map<string, HistogramPoint[]> {
    const seen = new Map<string, HistogramPoint[]>()
    for (const point of this.points)
      if (point.metric === metric)
        seen.set(senderOf(point), [...(seen.get(senderOf(point)) ?? []), point])
    return seen
  }

  counters(window: Window): CounterPoint[] {
    const merged = new Map<string, CounterPoint>()
    for (const point of this.counterPoints) {
      if (!pointIn(point, window)) continue
      const { name, service, instance, attributes } = point
      const key = JSON.stringify([name, service, instance, attributes])
      const before = merged.get(key) ?? { ...point, value: 0 }
      merged.set(key, {
        ...before,
        value: before.value + point.value,
        startNs: point.startNs < before.startNs ? point.startNs : before.startNs,
        endNs: point.endNs > before.endNs ? point.endNs : before.endNs,
      })
    }
    return [...merged.values()]
  }

  deliveries(window: Window): DeliveryState[] {
    return [...this.ledger]
      .map(([key, { seen, firstNs, lastNs }]) => {
        const [service = '', instance = ''] = JSON.parse(key) as string[]
        const lastSequence = Math.max(...seen)
        const state = { service, instance, received: seen.size, lastSequence }
        return { state: { ...state, missing: lastSequence - seen.size }, firstNs, lastNs }
      })
      .filter(({ state, firstNs, lastNs }) => {
        const [since, until] = bounds(window)
        return serviceIn(state, window) && lastNs > since && firstNs <= until
      })
      .map(({ state }) => state)
  }

  services(window: Window): string[] {
    const names = new Set<string>()
    for (const span of this.spans) if (spanIn(span, window)) names.add(span.service)
    for (const point of [...this.points, ...this.counterPoints, ...this.gaugePoints])
      if (pointIn(point, window)) names.add(point.service)
    return [...names].sort()
  }

  trace(traceId: string): Span[] {
    const byId = new Map<string, Span>()
    for (const span of this.spans) if (span.traceId === traceId) byId.set(span.spanId, span)
    return [...byId.values()].sort(byStart)
  }

  traces(query: TraceQuery): TraceSummary[] {
    const considered = this.spans.filter(span => serviceIn(span, query))
    const roots = new Map<string, Span>()
    for (const span of considered) {
      const found = considered.some(
        other => other.traceId === span.traceId && other.spanId === span.parentId,
      )
      const root = span.parentId === undefined || (isEntry(span) && !found)
      if (!root || !spanIn(span, query)) continue
      const known = roots.get(span.traceId)
      if (known === undefined || byStart(span, known) < 0) roots.set(span.traceId, span)
    }
    const by = query.order === 'slowest' ? byDuration : (a: Span, b: Span) => -byStart(a, b)
    return [...roots.values()]
      .filter(
        root =>
          (query.route === undefined || entryRoute(root) === query.route) &&
          (query.status === undefined || root.status === query.status) &&
          root.durationNs >= (query.minDurationMs ?? 0) * 1e6 &&
          root.durationNs <= (query.maxDurationMs ?? Number.POSITIVE_INFINITY) * 1e6,
      )
      .sort((a, b) => by(a, b) || (a.traceId < b.traceId ? -1 : 1))
      .slice(0, query.limit)
      .map(root => {
        const spans = this.trace(root.traceId)
        const code = root.attributes['http.response.status_code']
        return {
          traceId: root.traceId,
          service: root.service,
          route: entryRoute(root),
          startNs: root.startNs,
          durationNs: root.durationNs,
          status: root.status,
          spans: spans.length,
          services: [...new Set(spans.map(span => span.service))].sort(),
          ...(typeof code === 'number' ? { statusCode: code } : {}),
        }
      })
  }

  /** Trace ids of a sample. */
  sample(window: Window, perRoute: number): Set<string> {
    const routes = new Map<string, Map<string, number>>()
    for (const span of this.spans) {
      if (!isEntry(span) || !spanIn(span, window)) continue
      const key = JSON.stringify([span.service, entryRoute(span)])
      const durations = routes.get(key) ?? new Map<string, number>()
      durations.set(span.traceId, Math.max(span.durationNs, durations.get(span.traceId) ?? 0))
      routes.set(key, durations)
    }
    const chosen = new Set<string>()
    for (const durations of routes.values()) {
      const byLowerHalf = (id: string): string => id.slice(16) + id.slice(0, 16)
      const lowest = [...durations.keys()].sort((a, b) =>
        byLowerHalf(a) < byLowerHalf(b) ? -1 : 1,
      )
      const duration = (id: string): number => durations.get(id) ?? 0
      const slowest = lowest.toSorted((a, b) => duration(b) - duration(a))
      const place = (id: string): number => Math.min(lowest.indexOf(id), slowest.indexOf(id))
      const order = lowest.toSorted((a, b) => place(a) - place(b))
      for (const id of order.slice(0, perRoute)) chosen.add(id)
    }
    return chosen
  }
}

const sourceOf = ({ service, instance }: { service: string; instance: string }): string =>
  JSON.stringify([service, instance])

const average = (points: readonly GaugePoint[]): number => {
  const total = points.reduce((sum, point) => sum + point.value, 0)
  if (points[0]?.name !== 'process.cpu.time') return total / points.length
  return total / points.reduce((sum, { startNs, endNs }) => sum + Number(endNs - startNs) / 1e9, 0)
}

const scaled = (histogram: Histogram, part: number): Histogram => ({
  ...histogram,
  count: histogram.count * part,
  sum: histogram.sum * part,
  zeroCount: histogram.zeroCount * part,
  buckets: histogram.buckets.map(count => count * part),
})

const bounds = (window: Window): [bigint, bigint] => [
  BigInt(window.sinceMs) * 1_000_000n,
  window.untilMs === undefined ? 2n ** 63n : BigInt(window.untilMs) * 1_000_000n,
]
const serviceIn = (of: { readonly service: string }, window: Window): boolean =>
  window.service === undefined || window.service === of.service

function spanIn(span: Span, window: Window): boolean {
  const [since, until] = bounds(window)
  return serviceIn(span, window) && span.startNs >= since && span.startNs < until
}

function pointIn(point: { service: string; endNs: bigint }, window: Window): boolean {
  const [since, until] = bounds(window)
  return serviceIn(point, window) && point.endNs > since && point.endNs <= until
}

/** Where work entered a process, or what was counted. */
const tells = (each: Span | { readonly endNs: bigint }): boolean =>
  !('spanId' in each) || isEntry(each)

const isEntry = (span: Span): boolean =>
  span.parentId === undefined || span.kind === 'server' || span.kind === 'consumer'
const entryRoute = (span: Span): string =>
  span.kind === 'server' ? routeOf(span.attributes, span.name) : span.name
const byDuration = (a: Span, b: Span): number => b.durationNs - a.durationNs
const byStart = (a: Span, b: Span): number =>
  Number(a.startNs - b.startNs) || (a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : 0)

function add(a: Histogram, b: Histogram): Histogram {
  const scale = Math.min(a.scale, b.scale)
  const counts = new Map<number, number>()
  for (const histogram of [a, b])
    for (const [k, count] of histogram.buckets.entries()) {
      const i = Math.floor((histogram.offset + k) / 2 ** (histogram.scale - scale))
      counts.set(i, (counts.get(i) ?? 0) + count)
    }
  const indexes = [...counts.keys()].sort((x, y) => x - y)
  const [first = 0, last = -1] = [indexes[0], indexes.at(-1)]
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    ...(a.min === undefined || b.min === undefined ? {} : { min: Math.min(a.min, b.min) }),
    ...(a.max === undefined || b.max === undefined ? {} : { max: Math.max(a.max, b.max) }),
    scale,
    zeroCount: a.zeroCount + b.zeroCount,
    offset: indexes.length === 0 ? 0 : first,
    buckets: Array.from({ length: last - first + 1 }, (_, i) => counts.get(first + i) ?? 0),
  }
}

/** A histogram without the buckets at its ends that count nothing, to compare by. */
export function trimmed(histogram: Histogram): Histogram {
  const first = histogram.buckets.findIndex(count => count > 0)
  const last = histogram.buckets.findLastIndex(count => count > 0)
  return {
    ...histogram,
    offset: first < 0 ? 0 : histogram.offset + first,
    buckets: first < 0 ? [] : histogram.buckets.slice(first, last + 1),
  }
}

/** One process, and of a process that asks several databases one of them. */
const senderOf = ({ service, instance, attributes }: HistogramPoint): string =>
  JSON.stringify([service, instance, attributes['db.system.name'] ?? ''])

/** Whether the point says what it counts: a route, or a statement. */
const isNamed = ({ metric, attributes }: HistogramPoint): boolean =>
  attributes[metric.startsWith('http') ? 'http.route' : 'db.query.text'] !== undefined

/** Whether a point is asked for, or another of its sender counts the same and says more. */
function counts(point: HistogramPoint, others: readonly HistogramPoint[]): boolean {
  const has = (sampled: boolean, named?: boolean): boolean =>
    others.some(one => one.sampled === sampled && (named === undefined || isNamed(one) === named))
  const { sampled, attributes } = point
  if (!sampled)
    return isNamed(point) || attributes['http.response.status_code'] === 404 || !has(true, true)
  if (isNamed(point)) return attributes['hotpath.route.guessed'] === true || !has(false, true)
  return !has(false)
}
