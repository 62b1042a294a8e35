import type { Attributes, CounterPoint, GaugePoint, HistogramPoint, MetricName } from '../model.js'
import type { Batch, Exemplar as SpanExemplar } from '../store/store.js'
import { addClassic, bucketOf, leTexts } from './classic.js'
import type { Exemplar, Labels, Sample } from './exposition.js'
import {
  exemplarKey,
  histogramLabels,
  labelName,
  labelValue,
  poolLabels,
  seriesKey,
} from './labels.js'

/**
 * Series of each metric that are kept apart; what comes on top is counted under one series, marked
 * `otel_metric_overflow`. At 34 lines a histogram this bounds an answer to some 10 MB.
 */
export const seriesLimits: Readonly<Record<MetricName, number>> = {
  'http.server.request.duration': 1_000,
  'db.client.operation.duration': 500,
  'db.client.connection.use_time': 100,
}
const counterLimit = 500
/** What tells counters apart. */
const counterKeys = ['what', 'reason', 'where', 'http.request.method', 'http.route']
export const processLimit = 200

/** A process that was not heard of for so long is left out; one of an SDK reports once a minute. */
const silentMs = 150_000
/** After so long it is forgotten, with its counter: it will not come back. */
const forgottenMs = 600_000

interface HistogramTotal {
  readonly labels: Labels
  readonly counts: number[]
  readonly exemplars: (Exemplar | undefined)[]
  sum: number
}
interface Known {
  readonly key: string
  readonly total: HistogramTotal
  /** It came under no series of its own. */
  readonly overflowed: boolean
}
interface ProcessTotal {
  readonly labels: Labels
  heardMs: number
  cpuSeconds: number | undefined
  readonly levels: Map<string, { readonly name: string; readonly labels: Labels; value: number }>
}

/**
 * All that was taken in since the console started, as Prometheus counts: totals that only grow. They
 * start at 0 with the console. Prometheus takes a total that is less than before for a restart, so
 * nothing needs to be kept over one; to read the store for it would make each start slower the more it
 * holds, and pruning would make totals go down while the console runs.
 */
export class Totals {
  readonly #histograms = new Map<string, HistogramTotal>()
  /** Series by the object of their attributes: those made from spans come with the same one again. */
  readonly #known = new WeakMap<Attributes, Known>()
  /** What tells the series of exemplars apart, by the same object. */
  readonly #keys = new WeakMap<Attributes, { metric: string; service: string; key: string }>()
  /** Series by what a span can tell of them. */
  readonly #byExemplar = new Map<string, HistogramTotal>()
  readonly #perMetric = new Map<string, number>()
  readonly #counters = new Map<string, { name: string; labels: Labels; value: number }>()
  readonly #processes = new Map<string, ProcessTotal>()
  /** Points that came under no series of their own, by metric. */
  readonly overflow = new Map<string, number>()

  /** Counts a batch that was written, once. */
  add({ exemplars = [], histograms, counters, gauges = [] }: Batch, nowMs: number): void {
    for (const point of histograms) this.#addHistogram(point)
    for (const exemplar of exemplars) this.#addExemplar(exemplar)
    for (const point of counters) this.#addCounter(point)
    for (const point of gauges) this.#addGauge(point, nowMs)
  }

  get series(): number {
    return this.#histograms.size + this.#counters.size
  }

  histogramSamples(metric: MetricName): Sample[] {
    const samples: Sample[] = []
    for (const [key, { labels, counts, exemplars, sum }] of this.#histograms) {
      if (!key.startsWith(metric)) continue
      let seen = 0
      for (const [i, le] of leTexts.entries()) {
        seen += counts[i] ?? 0
        const exemplar = exemplars[i]
        const value = { suffix: '_bucket', labels: { ...labels, le }, value: seen }
        samples.push(exemplar === undefined ? value : { ...value, exemplar })
      }
      samples.push(
        { suffix: '_sum', labels, value: sum },
        { suffix: '_count', labels, value: seen },
      )
    }
    return samples
  }

  counterSamples(name: string): Sample[] {
    return [...this.#counters.values()].filter(each => each.name === name)
  }

  /** Names of the counters that begin so, in order. */
  counterNames(...prefixes: readonly string[]): string[] {
    const names = new Set([...this.#counters.values()].map(({ name }) => name))
    return [...names].filter(name => prefixes.some(prefix => name.startsWith(prefix))).sort()
  }

  cpuSamples(nowMs: number): Sample[] {
    return this.#heard(nowMs).flatMap(({ labels, cpuSeconds }) =>
      cpuSeconds === undefined ? [] : [{ labels, value: cpuSeconds }],
    )
  }

  levelSamples(name: string, nowMs: number): Sample[] {
    return this.#heard(nowMs).flatMap(({ levels }) =>
      [...levels.values()].filter(each => each.name === name),
    )
  }

  #heard(nowMs: number): ProcessTotal[] {
    for (const [key, { heardMs }] of this.#processes)
      if (nowMs - heardMs > forgottenMs) this.#processes.delete(key)
    return [...this.#processes.values()].filter(({ heardMs }) => nowMs - heardMs <= silentMs)
  }

  #addHistogram({ metric, service, attributes, sampled, histogram }: HistogramPoint): void {
    const key = `${metric} ${sampled} ${service}`
    let known = this.#known.get(attributes)
    if (known?.key === key) {
      if (known.overflowed) this.#overflow(metric)
    } else {
      const total = this.#histogramOf(metric, service, attributes, sampled)
      const overflowed =
        total.labels['otel_metric_overflow'] !== undefined &&
        attributes['otel.metric.overflow'] === undefined
      known = { key, total, overflowed }
      this.#known.set(attributes, known)
    }
    const { total } = known
    addClassic(total.counts, histogram)
    total.sum += histogram.sum
  }

  #overflow(name: string): void {
    this.overflow.set(name, (this.overflow.get(name) ?? 0) + 1)
  }

  #histogramOf(
    metric: MetricName,
    service: string,
    attributes: Attributes,
    sampled: boolean,
  ): HistogramTotal {
    const labels = histogramLabels(service, attributes, sampled)
    const key = `${metric} ${seriesKey(labels)}`
    const known = this.#histograms.get(key)
    if (known !== undefined) return known
    const count = this.#perMetric.get(metric) ?? 0
    if (count >= seriesLimits[metric] && labels['otel_metric_overflow'] === undefined) {
      this.#overflow(metric)
      // Services share it as well: they may be many, too.
      return this.#histogramOf(metric, '', { 'otel.metric.overflow': true }, sampled)
    }
    const total = { labels, counts: leTexts.map(() => 0), exemplars: [], sum: 0 }
    this.#histograms.set(key, total)
    this.#byExemplar.set(exemplarKey(metric, service, attributes), total)
    this.#perMetric.set(metric, count + 1)
    return total
  }

  #addExemplar({ metric, service, attributes, ...exemplar }: SpanExemplar): void {
    let known = this.#keys.get(attributes)
    if (known?.metric !== metric || known.service !== service) {
      known = { metric, service, key: exemplarKey(metric, service, attributes) }
      this.#keys.set(attributes, known)
    }
    const total = this.#byExemplar.get(known.key)
    if (total === undefined) return
    const { traceId, spanId, seconds, timeMs } = exemplar
    total.exemplars[bucketOf(seconds)] = { traceId, spanId, value: seconds, timeMs }
  }

  #addCounter({ name, service, attributes, value }: CounterPoint): void {
    const labels: Record<string, string> = { service_name: service }
    for (const key of counterKeys)
      if (attributes[key] !== undefined)
        labels[labelName(key)] = labelValue(String(attributes[key]))
    const key = `${name} ${seriesKey(labels)}`
    const known = this.#counters.get(key)
    if (known !== undefined) known.value += value
    else if (this.#counters.size < counterLimit) this.#counters.set(key, { name, labels, value })
    else this.#overflow(name)
  }

  #addGauge(point: GaugePoint, nowMs: number): void {
    const { name, service, instance, attributes, value } = point
    const key = JSON.stringify([service, instance])
    let process = this.#processes.get(key)
    if (process === undefined) {
      if (this.#processes.size >= processLimit) this.#heard(nowMs)
      if (this.#processes.size >= processLimit) {
        this.#overflow(name)
        return
      }
      const labels = { service_name: service, service_instance_id: instance }
      process = { labels, heardMs: nowMs, cpuSeconds: undefined, levels: new Map() }
      this.#processes.set(key, process)
    }
    process.heardMs = nowMs
    if (name === 'process.cpu.time') {
      process.cpuSeconds = (process.cpuSeconds ?? 0) + value
      return
    }
    const labels = { ...process.labels, ...poolLabels(attributes) }
    const level = `${name} ${seriesKey(labels)}`
    // A process has few; a sender that names its pools anew each time must not fill the memory.
    if (process.levels.has(level) || process.levels.size < 100)
      process.levels.set(level, { name, labels, value })
    else this.#overflow(name)
  }
}
