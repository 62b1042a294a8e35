import type {
  Attributes,
  CounterPoint,
  Delivery,
  GaugeName,
  GaugePoint,
  Histogram,
  HistogramPoint,
  MetricName,
  ProcessInfo,
  Span,
  SpanStatus,
} from '../model.js'
import type { SpanTable } from './span-table.js'

/** What arrived in one request of an exporter: kept whole or not at all. */
export interface Batch {
  /** The intake makes a table, which the store takes over. */
  readonly spans: readonly Span[] | SpanTable
  readonly histograms: readonly HistogramPoint[]
  readonly counters: readonly CounterPoint[]
  readonly gauges?: readonly GaugePoint[]
  /** The last and the slowest span of each series; not kept. */
  readonly exemplars?: readonly Exemplar[]
  /** Who sent it; the last one said of a process holds. */
  readonly processes?: readonly ProcessInfo[]
  /** Absent for telemetry that is not our recorder's: it cannot be told from a repetition. */
  readonly delivery?: Delivery
}

/** A span that stands for others of its series: what a point of a graph leads to. */
export interface Exemplar {
  readonly metric: MetricName
  readonly service: string
  readonly attributes: Attributes
  readonly traceId: string
  readonly spanId: string
  readonly seconds: number
  /** When it ended, since 1970. */
  readonly timeMs: number
}

/** A stretch of time and, if given, one service. */
export interface Window {
  /** Milliseconds since 1970. */
  readonly sinceMs: number
  readonly untilMs?: number
  readonly service?: string
}

/** All that was counted of one set of attributes in a window, merged to one histogram. */
export interface Series {
  readonly service: string
  readonly attributes: Attributes
  readonly histogram: Histogram
  readonly sampled: boolean
}

export interface TraceQuery extends Window {
  /** `GET /users/:id`, as in `TraceSummary.route`. */
  readonly route?: string
  readonly minDurationMs?: number
  readonly maxDurationMs?: number
  readonly status?: SpanStatus
  readonly limit: number
  readonly order?: 'newest' | 'slowest'
}

/** A line in the list of traces: its root and what hangs below. */
export interface TraceSummary {
  readonly traceId: string
  readonly service: string
  readonly route: string
  readonly startNs: bigint
  readonly durationNs: number
  readonly status: SpanStatus
  readonly spans: number
  readonly services: readonly string[]
  readonly statusCode?: number
}

/** A trace that was chosen for the detectors. */
export interface SampledTrace {
  readonly traceId: string
  /** As many as are stored, repetitions too: a trace of which another number is stored has changed. */
  readonly spans: number
  /** Starts of its first and its last span: it is read from between them. */
  readonly fromNs: bigint
  readonly toNs: bigint
}

/** A window in steps of `stepMs`, which begin at its multiples; the first may begin before `sinceMs`. */
export interface TimelineQuery extends Window {
  readonly untilMs: number
  readonly stepMs: number
  /** `GET /users/:id`, as `routeOf` names it. */
  readonly route?: string
}

/**
 * All that was counted in one step. A point that covers several steps is spread over them evenly, so
 * counts can have fractions.
 */
export interface TimelineStep {
  readonly startMs: number
  readonly errors: number
  readonly histogram: Histogram
}

/** A window in steps, without a route; of some gauges only. */
export interface GaugeQuery extends Omit<TimelineQuery, 'route'> {
  readonly names?: readonly GaugeName[]
}

/**
 * One figure of one process, by step: the average of what came in it. Of `process.cpu.time` it is the
 * seconds used in a second, so the number of processors.
 */
export interface GaugeSeries {
  readonly name: GaugeName
  readonly service: string
  readonly instance: string
  readonly attributes: Attributes
  /** By start; steps in which nothing came are left out. */
  readonly steps: readonly { readonly startMs: number; readonly value: number }[]
}

/** A process that sent anything in a window, and when: the first and the last of it there. */
export interface ProcessState extends ProcessInfo {
  readonly firstMs: number
  readonly lastMs: number
}

/** What is known of one process's metric exports. */
export interface DeliveryState {
  readonly service: string
  readonly instance: string
  readonly received: number
  readonly lastSequence: number
  /** Exports that never came: sequence numbers left out. */
  readonly missing: number
}

/** Absent when nothing is stored. */
export interface Extent {
  readonly oldestMs?: number
  readonly newestMs?: number
}

export interface StoreStatus extends Extent {
  readonly path: string
  readonly bytes: number
  readonly spans: number
  readonly traces: number
}

/**
 * Where telemetry is kept. Small on purpose: another engine implements these and passes the contract
 * suite in `packages/console/test/store-contract.ts`.
 */
export interface Store {
  /** Resolves once the batch would survive `kill -9`. A repeated delivery is not written again. */
  write(batch: Batch): Promise<{ readonly repeated: boolean }>
  series(metric: MetricName, window: Window): Promise<readonly Series[]>
  /** The same of several metrics: to ask for them together costs little more than for one. */
  seriesOf<Name extends MetricName>(
    metrics: readonly Name[],
    window: Window,
  ): Promise<Readonly<Record<Name, readonly Series[]>>>
  /** By start; steps in which nothing was counted are left out. */
  timeline(metric: MetricName, query: TimelineQuery): Promise<readonly TimelineStep[]>
  counters(window: Window): Promise<readonly CounterPoint[]>
  gauges(query: GaugeQuery): Promise<readonly GaugeSeries[]>
  /** By service and instance. */
  processes(window: Window): Promise<readonly ProcessState[]>
  deliveries(window: Window): Promise<readonly DeliveryState[]>
  services(window: Window): Promise<readonly string[]>
  traces(query: TraceQuery): Promise<readonly TraceSummary[]>
  /** All spans of one trace, unordered; empty when there is none. At most `limit` (default 20,000), earliest first. */
  spans(traceId: string, limit?: number): Promise<readonly Span[]>
  /**
   * Traces for the detectors, up to `perRoute` of each route, the first of every route first: in turn
   * those with the lowest lower half of their id, which is a fair choice and stays while traffic goes on,
   * and the slowest.
   */
  sample(window: Window, perRoute: number): Promise<readonly SampledTrace[]>
  /** The spans of such traces, list by list in their order, as `spans` gives those of one. Some thousand spans at a time. */
  spansOf(traces: readonly SampledTrace[], limit: number): Promise<readonly (readonly Span[])[]>
  /** Drops what is older than `maxAgeMs`, then the oldest until the file holds at most `maxBytes`. */
  prune(limits: {
    readonly maxAgeMs: number
    readonly maxBytes: number
    readonly nowMs: number
  }): Promise<void>
  /** At most `limit` ids of traces that begin with some hexadecimal digits. */
  traceIds(prefix: string, limit: number): Promise<readonly string[]>
  /** From when to when, which is told at once; `status` counts. */
  extent(): Promise<Extent>
  status(): Promise<StoreStatus>
  close(): Promise<void>
}
