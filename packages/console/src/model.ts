/** The types that every part of the console shares. Names are OpenTelemetry's. */

export type AttributeValue = string | number | boolean | readonly AttributeValue[]
export type Attributes = Readonly<Record<string, AttributeValue>>
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'
export type SpanStatus = 'unset' | 'ok' | 'error'

/** One timed operation, as it arrived. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  /** 16 hexadecimal digits; absent on the root of a trace. */
  readonly parentId?: string
  readonly kind: SpanKind
  readonly name: string
  /** `service.name` of the resource. */
  readonly service: string
  /** `service.instance.id` of the resource: one process. */
  readonly instance: string
  /** Nanoseconds since 1970: a bigint, since a double would lose the last 200 ns. */
  readonly startNs: bigint
  readonly durationNs: number
  readonly status: SpanStatus
  readonly attributes: Attributes
  readonly links: readonly SpanLink[]
}

export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
}

/** A span in its place in a trace. */
export interface TraceSpan extends Span {
  /** Nanoseconds after the start of the trace; never negative. */
  readonly offsetNs: number
  readonly depth: number
  readonly parent: TraceSpan | undefined
  /** By start. */
  readonly children: readonly TraceSpan[]
}

/** All spans of one trace, put in order. `spans` is depth first, siblings by start. */
export interface Trace {
  readonly traceId: string
  readonly startNs: bigint
  readonly durationNs: number
  readonly spans: readonly TraceSpan[]
  /** More than one when spans are missing; the first is the earliest. */
  readonly roots: readonly TraceSpan[]
  readonly services: readonly string[]
  /** What is wrong with the trace, for people: '3 spans came without their parent'. */
  readonly problems: readonly string[]
  /** What was left out of it because it says nothing, for people. */
  readonly notes: readonly string[]
}

/**
 * A histogram of durations with exponential buckets (OpenTelemetry's data model): bucket i counts
 * values in (base^i, base^(i+1)] with base = 2^(2^-scale). Durations are in seconds.
 */
export interface Histogram {
  readonly count: number
  readonly sum: number
  readonly min?: number
  readonly max?: number
  readonly scale: number
  readonly zeroCount: number
  /** Index of the first bucket. */
  readonly offset: number
  readonly buckets: readonly number[]
}

export type MetricName =
  | 'http.server.request.duration'
  | 'db.client.operation.duration'
  | 'db.client.connection.use_time'

/** What happened to one route, statement or pool in one interval, in one process. */
export interface HistogramPoint {
  readonly metric: MetricName
  readonly service: string
  readonly instance: string
  readonly startNs: bigint
  readonly endNs: bigint
  /** `http.request.method`, `http.route`, `http.response.status_code` or `db.system.name`, `db.query.text`, ... or `db.client.connection.pool.name`. */
  readonly attributes: Attributes
  readonly histogram: Histogram
  /** True when the histogram counts sampled spans, not all of them. */
  readonly sampled: boolean
}

/** A count that only grows, reported as what came on top since the last report. */
export interface CounterPoint {
  readonly name: string
  readonly service: string
  readonly instance: string
  readonly startNs: bigint
  readonly endNs: bigint
  readonly attributes: Attributes
  readonly value: number
}

/** What a process says of itself, under OpenTelemetry's names; in seconds, bytes, parts of 1 and connections. */
export type GaugeName =
  | 'process.cpu.time'
  | 'process.memory.usage'
  | 'v8js.memory.heap.used'
  | 'nodejs.eventloop.delay.p99'
  | 'nodejs.eventloop.utilization'
  | 'db.client.connection.count'
  | 'db.client.connection.pending_requests'
  | 'db.client.connection.max'
  | 'hotpath.pool.server_max'
  | 'hotpath.concurrency.limit'
  | 'hotpath.concurrency.in_flight'
  | 'hotpath.concurrency.waiting'

/**
 * A figure of a process at `endNs`; processor time is what was used since `startNs`. Attributes are
 * `db.client.connection.state` (`used`, `idle`), `db.client.connection.pool.name` and `hotpath.policy`, nothing else.
 */
export interface GaugePoint {
  readonly name: GaugeName
  readonly service: string
  readonly instance: string
  readonly startNs: bigint
  readonly endNs: bigint
  readonly attributes: Attributes
  readonly value: number
}

/** A process by what its resource says; what it does not say is absent. */
export interface ProcessInfo {
  readonly service: string
  readonly instance: string
  readonly pid?: number
  readonly host?: string
  /** `Node 20.20.2`. */
  readonly runtime?: string
  /** `service.version`: `1.4.2`, or a commit. */
  readonly version?: string
}

/**
 * Marks a metric export of our recorder: the process and the export's number in it, from 1 up.
 * A number seen before is a repetition and is dropped; a number left out is a gap and is shown.
 */
export interface Delivery {
  readonly service: string
  readonly instance: string
  readonly sequence: number
}

/** Where in the user's code, relative to the app's root: `src/orders.ts:42`. */
export interface CallSite {
  readonly file: string
  readonly line: number
  readonly function?: string
}

export type FindingKind =
  | 'background-work'
  | 'blocked-event-loop'
  | 'cacheable'
  | 'chatty-transaction'
  | 'connection-churn'
  | 'connection-leak'
  | 'error-spike'
  | 'large-payload'
  | 'large-result'
  | 'latency-regression'
  | 'missing-index'
  | 'n-plus-one'
  | 'n-plus-one-calls'
  | 'over-fetch'
  | 'over-select'
  | 'redundant-index'
  | 'repeated-statement'
  | 'sequential-calls'
  | 'sequential-statements'
  | 'slow-call'
  | 'slow-serialisation'
  | 'slow-statement'
  | 'starved-pool'
  | 'unbounded-list'
  | 'uncompressed'
  | 'unused-index'
  | 'wide-response'

/**
 * What a finding can be about: a statement by its template, a pool or a database by its name, a call out, the app's
 * own code; or an index, of a table and not of a route.
 */
export type Subject = 'statement' | 'pool' | 'database' | 'call' | 'code' | 'index'

export interface Fix {
  readonly kind: 'config' | 'sql' | 'code'
  readonly title: string
  /** What is to be known before it is used, in prose. */
  readonly note?: string
  /** To be copied as it is. */
  readonly text: string
  /** A change of code whose text is code; without it the text says in prose what to change. */
  readonly snippet?: true
  /** A look before the remedy, which changes nothing; absent on what mends. */
  readonly check?: true
}

/** Whether a fix is to be shown as it is, line by line, and not as prose. */
export function isVerbatim({ kind, snippet }: Fix): boolean {
  return kind !== 'code' || snippet === true
}

/** One bottleneck, named. */
export interface Finding {
  /** 8 hexadecimal digits, the same in every run: from kind, service, route and subject. */
  readonly id: string
  readonly kind: FindingKind
  /** Of an index, the database. */
  readonly service: string
  /** `GET /users/:id`; of an index, `table orders`. */
  readonly route: string
  readonly about: Subject
  /** The statement's template, the pool or the database (`db:5432/shop`), or the call (`GET host:80/prices/:id`). */
  readonly subject: string
  /** `1,000 queries in a loop`. */
  readonly title: string
  readonly where?: CallSite
  readonly evidence: Evidence
  readonly cost: Cost
  /** What the first fix would gain; absent where it was not asked for. */
  readonly gain?: Gain
  readonly fixes: readonly Fix[]
  /** `fixed`: it shows in the window that was asked for, and not in the requests since. */
  readonly status: 'open' | 'regressed' | 'ignored' | 'fixed'
  /** How it came to that; absent where nothing is known. */
  readonly standing?: Standing
}

export interface Standing {
  /** Since when it is open, has come back, or is fixed. */
  readonly sinceMs?: number
  /** How often it came back after it was fixed. */
  readonly returns?: number
  /** Of one that is ignored: why, who says so, and the last day of it. */
  readonly reason?: string
  readonly by?: 'comment' | 'config'
  readonly until?: string
  /** What is to be known, for people: that a rule by which it was ignored is over. */
  readonly note?: string
  /** What became of it so far, the oldest first. */
  readonly history?: readonly StandingEvent[]
}

/** A turn in the life of a finding. */
export interface StandingEvent {
  readonly atMs: number
  readonly what: 'opened' | 'fixed' | 'regressed' | 'ignored' | 'no longer ignored'
  /** What its service ran then; absent where its processes do not say. */
  readonly version?: string
  /** Why it is ignored. */
  readonly reason?: string
}

export interface Evidence {
  /** Sampled requests of the route that show it, of how many sampled. */
  readonly requests: number
  readonly of: number
  /** Sentences with the figures, the most telling first. */
  readonly sentences: readonly string[]
  /** At most 3: first the one that the sentences name, then those in which it took the longest. */
  readonly traces: readonly EvidenceTrace[]
  /** Statements in one request: the median over the requests that show it. */
  readonly calls: number
}

export interface EvidenceTrace {
  readonly traceId: string
  readonly spanIds: readonly string[]
  /** Of the request. */
  readonly durationMs: number
}

export interface Cost {
  /**
   * Milliseconds of one request that this takes: its share of the average request that shows it, where
   * every request was counted; else the median of the sampled ones.
   */
  readonly msPerRequest: number
  /** Part of the request's duration, 0 to 1: the median. */
  readonly share: number
  /** Milliseconds over all requests in the window, from the histograms; sampled share times their sum. */
  readonly totalMs: number
  /** Requests of the route in the window; null when no histogram counted them. */
  readonly counted: number | null
}

/** What the first fix of a finding would gain, as far as it can be said. */
export interface Gain {
  /** How the prediction was made, or why there is none: sentences with the figures. */
  readonly how: readonly string[]
  readonly predicted: Prediction | null
}

/** All requests of a route in the window, as they were and as they would be. */
export interface Prediction {
  readonly before: Spread
  readonly after: Spread
  /** Requests that it is about: all of the route, or the sampled ones where none were counted. */
  readonly requests: number
  /** As many callers at a time would be answered so many times as often (Little's law). */
  readonly throughput: number
  /** Milliseconds that all requests of the window would have taken less. */
  readonly savedMs: number
  /** The same an hour, at the traffic of the window. */
  readonly savedMsPerHour: number
  readonly distribution: Distribution
}

/** How long requests take. Percentiles are null with fewer than 20. */
export interface Spread {
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly averageMs: number
}

/** Requests by how long they take, in steps that are each a part longer than the last. */
export interface Distribution {
  /** The bounds of the steps: one more than there are steps. */
  readonly fromMs: readonly number[]
  readonly before: readonly number[]
  /** The same requests with the fix. */
  readonly after: readonly number[]
}

/** Whether a series of requests or statements counts failures: a status from 500 up, or an error. */
export function isFailure(attributes: Attributes): boolean {
  const status = attributes['http.response.status_code']
  if (typeof status === 'number') return status >= 500
  return attributes['error.type'] !== undefined
}

/**
 * The name of the route that a span or a series belongs to: `GET /users/:id`. A server span without a
 * route (a 404, or a framework that names none) is `GET (no route)`; what is not HTTP keeps its own name.
 */
export function routeOf(attributes: Attributes, name = ''): string {
  const method = attributes['http.request.method']
  const route = attributes['http.route']
  if (typeof route === 'string' && route !== '')
    return typeof method === 'string' ? `${method} ${route}` : route
  return typeof method === 'string' ? `${method} (no route)` : name
}
