import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** Values as OTLP's JSON has them, unwrapped. */
type Value = string | number | boolean | readonly Value[]
export type Attributes = Readonly<Record<string, Value>>

export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly name: string
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  readonly startNs: bigint
  readonly endNs: bigint
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number
  readonly attributes: Attributes
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly resource: Attributes
}

export interface CollectedPoint {
  readonly metric: string
  readonly attributes: Attributes
  readonly count: number
  readonly sum: number
  readonly value: number
  readonly sequence: number
  readonly resource: Attributes
}

/** How the collector answers; the default is 200. */
export type Answer = (
  path: string,
  n: number,
) =>
  | { status: number; headers?: Record<string, string>; body?: string }
  | 'hang'
  | 'reset'
  | 'trickle'

/**
 * A small OTLP/HTTP receiver on a free port of 127.0.0.1: a real server that keeps what it is sent,
 * and fails as it is told.
 */
export class Collector {
  /** All but `blocks`. */
  readonly spans: CollectedSpan[] = []
  /** Code that kept the event loop: on a busy machine any request may have some. */
  readonly blocks: CollectedSpan[] = []
  readonly points: CollectedPoint[] = []
  /** Bodies of metric exports as they came, with the sequence numbers in them. */
  readonly deliveries: {
    readonly sequence: number
    readonly body: Buffer
    readonly accepted: boolean
  }[] = []
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = []
  answer: Answer = () => ({ status: 200 })
  private readonly server = createServer((request, response) => void this.take(request, response))
  private readonly taken = new Set<string>()
  private readonly watchers = new Set<() => void>()

  /** Starts one; `port` 0 takes a free one. */
  static async start(port = 0): Promise<Collector> {
    const collector = new Collector()
    await new Promise<void>((resolve, reject) => {
      collector.server.once('error', reject)
      collector.server.listen(port, '127.0.0.1', resolve)
    })
    return collector
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Resolves once `condition` holds; rejects after `deadlineMs` with what was there instead. */
  async until(condition: (collector: this) => boolean, deadlineMs = 15_000): Promise<void> {
    if (condition(this)) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.watchers.delete(look)
        reject(new Error(`not within ${deadlineMs} ms; ${this.summary()}`))
      }, deadlineMs)
      const look = () => {
        if (!condition(this)) return
        clearTimeout(timer)
        this.watchers.delete(look)
        resolve()
      }
      this.watchers.add(look)
    })
  }

  /** Requests counted by the histograms of one route, all statuses. */
  counted(metric: string, attributes: Attributes = {}): number {
    return this.points
      .filter(point => point.metric === metric && matches(point.attributes, attributes))
      .reduce((sum, point) => sum + point.count, 0)
  }

  /** What a counter came to. */
  summed(metric: string, attributes: Attributes = {}): number {
    return this.points
      .filter(point => point.metric === metric && matches(point.attributes, attributes))
      .reduce((sum, point) => sum + point.value, 0)
  }

  servers(): CollectedSpan[] {
    return this.spans.filter(span => span.kind === 2)
  }

  childrenOf(span: CollectedSpan): CollectedSpan[] {
    return this.spans.filter(one => one.traceId === span.traceId && one.parentId === span.spanId)
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise<void>(resolve => this.server.close(() => resolve()))
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const body = Buffer.concat(chunks)
    const path = request.url ?? ''
    this.requests.push({ path, headers: request.headers })
    const answer = this.answer(path, this.requests.length)
    const accepted = typeof answer === 'object' && answer.status < 300
    this.keep(path, body, accepted)
    if (answer === 'reset') request.socket.destroy()
    else if (answer === 'trickle') trickle(response)
    else if (answer !== 'hang')
      response.writeHead(answer.status, answer.headers).end(answer.body ?? '{}')
    for (const look of this.watchers) look()
  }

  private keep(path: string, body: Buffer, accepted: boolean): void {
    const parsed = JSON.parse(gunzipSync(body).toString()) as Json
    if (path === '/v1/metrics') {
      const sequence = Number(scopeOf(parsed)['hotpath.sequence'])
      this.deliveries.push({ sequence, body, accepted })
      if (!accepted) return
      // A number counts within its process; what was seen before is a repetition.
      const points = pointsIn(parsed, sequence)
      const delivery = `${points[0]?.resource['service.instance.id']} ${sequence}`
      if (this.taken.has(delivery)) return
      this.taken.add(delivery)
      this.points.push(...points)
    } else if (accepted) {
      for (const span of spansIn(parsed))
        (span.attributes['hotpath.blocked'] === true ? this.blocks : this.spans).push(span)
    }
  }

  private summary(): string {
    return `${this.requests.length} requests, ${this.spans.length} spans (${[...new Set(this.spans.map(span => span.name))].join(', ')}), ${this.points.length} points`
  }
}

/** Never silent, and never done. */
function trickle(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 500)
  response.on('close', () => clearInterval(timer))
}

/** OTLP's JSON: only what is read here, and looked at as it comes. */
// biome-ignore lint: the shape is checked by the tests that read it
type Json = { readonly [key: string]: never }

function matches(attributes: Attributes, wanted: Attributes): boolean {
  return Object.entries(wanted).every(([key, value]) => attributes[key] === value)
}

interface KeyValue {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

function plain(list: readonly KeyValue[] | undefined): Attributes {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, valueOf(value)]))
}

function valueOf(value: Readonly<Record<string, unknown>>): Value {
  if (value.intValue !== undefined) return Number(value.intValue)
  if (value.arrayValue !== undefined) {
    return (value.arrayValue as { values: Record<string, unknown>[] }).values.map(valueOf)
  }
  return (value.stringValue ?? value.boolValue ?? value.doubleValue) as Value
}

interface Resource {
  readonly resource: { readonly attributes: readonly KeyValue[] }
}
interface RawSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status?: { readonly code?: number }
  readonly attributes: readonly KeyValue[]
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
}

function spansIn(body: Json): CollectedSpan[] {
  const { resourceSpans } = body as unknown as {
    resourceSpans: (Resource & { scopeSpans: { spans: RawSpan[] }[] })[]
  }
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(span => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId,
        name: span.name,
        kind: span.kind,
        startNs: BigInt(span.startTimeUnixNano),
        endNs: BigInt(span.endTimeUnixNano),
        status: span.status?.code ?? 0,
        attributes: plain(span.attributes),
        links: span.links ?? [],
        resource: plain(resource.attributes),
      })),
    ),
  )
}

interface RawPoint {
  readonly attributes: readonly KeyValue[]
  readonly count?: string
  readonly sum?: number
  readonly asInt?: string
  readonly asDouble?: number
}
interface RawMetric {
  readonly name: string
  readonly exponentialHistogram?: { readonly dataPoints: RawPoint[] }
  readonly sum?: { readonly dataPoints: RawPoint[] }
  readonly gauge?: { readonly dataPoints: RawPoint[] }
}
interface RawMetrics {
  readonly resourceMetrics: (Resource & {
    readonly scopeMetrics: {
      readonly scope: { readonly attributes: KeyValue[] }
      readonly metrics: RawMetric[]
    }[]
  })[]
}

function scopeOf(body: Json): Attributes {
  const { resourceMetrics } = body as unknown as RawMetrics
  return plain(resourceMetrics[0]?.scopeMetrics[0]?.scope.attributes)
}

function pointsIn(body: Json, sequence: number): CollectedPoint[] {
  const { resourceMetrics } = body as unknown as RawMetrics
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ name, exponentialHistogram, sum, gauge }) =>
        (exponentialHistogram ?? sum ?? gauge)!.dataPoints.map(point => ({
          metric: name,
          attributes: plain(point.attributes),
          count: Number(point.count ?? 0),
          sum: point.sum ?? 0,
          value: Number(point.asInt ?? point.asDouble ?? 0),
          sequence,
          resource: plain(resource.attributes),
        })),
      ),
    ),
  )
}
