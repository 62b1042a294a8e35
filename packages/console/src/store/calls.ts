import type { ErrorCode, Facts } from '../errors.js'
import type { CounterPoint, MetricName } from '../model.js'
import type { PruneLimits } from './duckdb/prune.js'
import type { SpanColumns } from './duckdb/traces.js'
import type { BatchRows } from './encode.js'
import type { Said } from './said.js'
import type {
  DeliveryState,
  GaugeQuery,
  GaugeSeries,
  ProcessState,
  Extent,
  SampledTrace,
  Series,
  StoreStatus,
  TimelineQuery,
  TimelineStep,
  TraceQuery,
  TraceSummary,
  Window,
} from './store.js'

/** What the thread of the store does for the others: arguments and result of each call. */
export interface Calls {
  /** The texts of its spans come apart. */
  write: [
    of: { readonly batch: BatchRows; readonly said: Said },
    result: { readonly repeated: boolean },
  ]
  series: [
    of: { readonly metrics: readonly MetricName[]; readonly window: Window },
    result: Readonly<Record<MetricName, readonly Series[]>>,
  ]
  timeline: [
    of: { readonly metric: MetricName; readonly query: TimelineQuery },
    result: readonly TimelineStep[],
  ]
  counters: [window: Window, result: readonly CounterPoint[]]
  gauges: [query: GaugeQuery, result: readonly GaugeSeries[]]
  processes: [window: Window, result: readonly ProcessState[]]
  deliveries: [window: Window, result: readonly DeliveryState[]]
  services: [window: Window, result: readonly string[]]
  traces: [query: TraceQuery, result: readonly TraceSummary[]]
  spans: [of: { readonly traceId: string; readonly limit: number }, result: SpanColumns]
  sample: [
    of: { readonly window: Window; readonly perRoute: number },
    result: readonly SampledTrace[],
  ]
  spansOf: [
    of: { readonly traces: readonly SampledTrace[]; readonly limit: number },
    result: SpanColumns,
  ]
  prune: [limits: PruneLimits, result: void]
  traceIds: [of: { readonly prefix: string; readonly limit: number }, result: readonly string[]]
  extent: [nothing: null, result: Extent]
  status: [nothing: null, result: StoreStatus]
  close: [nothing: null, result: void]
}

export type CallName = keyof Calls

export interface Call<Name extends CallName = CallName> {
  readonly id: number
  readonly name: Name
  readonly argument: Calls[Name][0]
}

/** An error in the form in which it crosses the threads. */
export type Refusal =
  | { readonly code: ErrorCode; readonly facts: Facts<ErrorCode> }
  | { readonly message: string }

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly refusal: Refusal }

/** What the thread is started with. */
export interface WorkerOptions {
  readonly path: string
  readonly readOnly: boolean
  readonly memoryLimit: string
  readonly threads: number
}
