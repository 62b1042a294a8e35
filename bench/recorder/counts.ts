import { gunzipSync } from 'node:zlib'

interface Point {
  readonly count?: string | number
  readonly asInt?: string | number
  readonly asDouble?: number
  readonly attributes?: readonly { readonly key: string; readonly value: object }[]
}
interface Metric {
  readonly name: string
  readonly sum?: { readonly dataPoints: readonly Point[] }
  readonly exponentialHistogram?: { readonly dataPoints: readonly Point[] }
}
interface Delivery {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[]
  }[]
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly { readonly kind?: number }[] }[]
  }[]
}

/** OTLP's kind of a span of a request that is served. */
const SERVER = 2

/** What a recorder's deliveries add up to. */
export class Counts {
  /** Requests and statements in all histograms. */
  requests = 0
  statements = 0
  /** Traces of requests that have arrived. */
  traces = 0
  /** What was dropped, by kind and reason; the sampler's choice is no drop. */
  readonly dropped = new Map<string, number>()

  /** @param encoding Of the body, as its header says. */
  take(body: Buffer, encoding: string | undefined): void {
    const text = encoding === 'gzip' ? gunzipSync(body) : body
    const { resourceMetrics = [], resourceSpans = [] } = JSON.parse(text.toString()) as Delivery
    for (const { scopeMetrics } of resourceMetrics)
      for (const { metrics } of scopeMetrics) for (const metric of metrics) this.metric(metric)
    for (const { scopeSpans } of resourceSpans)
      for (const { spans } of scopeSpans)
        this.traces += spans.filter(({ kind }) => kind === SERVER).length
  }

  private metric({ name, sum, exponentialHistogram }: Metric): void {
    const { dataPoints = [] } = exponentialHistogram ?? {}
    const counted = () => dataPoints.reduce((all, { count }) => all + Number(count), 0)
    if (name === 'http.server.request.duration') this.requests += counted()
    if (name === 'db.client.operation.duration') this.statements += counted()
    if (name !== 'hotpath.recorder.dropped') return
    for (const { asInt, asDouble, attributes = [] } of sum?.dataPoints ?? []) {
      const what = attributes.map(({ value }) => String(Object.values(value)[0])).join(' ')
      this.dropped.set(what, (this.dropped.get(what) ?? 0) + Number(asInt ?? asDouble ?? 0))
    }
  }
}
