import type {
  Attributes,
  CallSite,
  Finding,
  FindingKind,
  SpanKind,
  SpanStatus,
  StandingEvent,
} from '../model.js'

/**
 * The answers that all faces give: `GET /api/...` sends them as JSON, the CLI prints them, `--json`
 * prints them as they are. Times in milliseconds since 1970, durations in milliseconds.
 */

/** `GET /api/clock`: the time of the console, so that who asks several questions can give them one `until`. */
export interface ClockAnswer {
  readonly nowMs: number
}

export interface Latency {
  readonly count: number
  readonly totalMs: number
  readonly averageMs: number
  /** Null with fewer than 20 in the count: a percentile of so few says nothing. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
}

export interface WindowAnswer {
  readonly sinceMs: number
  readonly untilMs: number
  /** Asked for; null for all. */
  readonly service: string | null
  /** Those that sent anything in the window. */
  readonly services: readonly string[]
  /** The newest of all that is stored, so that an empty window can say where to look; null when nothing is. */
  readonly newestMs: number | null
  /** What was not counted or did not arrive, in sentences for people; empty when all is well. */
  readonly notes: readonly string[]
}

export interface RouteRow extends Latency {
  readonly service: string
  /** `GET /users/:id`. */
  readonly route: string
  /** Requests a second over the window. */
  readonly rate: number
  readonly errors: number
  /** Part of the time of all requests, 0 to 1. */
  readonly share: number
  /** True when counted from sampled spans only. */
  readonly sampled: boolean
}
export interface RoutesAnswer extends WindowAnswer {
  readonly routes: readonly RouteRow[]
}

export interface StatementRow extends Latency {
  readonly service: string
  readonly system: string
  readonly statement: string
  readonly errors: number
  readonly share: number
  readonly sampled: boolean
}
export interface StatementsAnswer extends WindowAnswer {
  readonly statements: readonly StatementRow[]
}

/** What limits, throttles, concurrency and shedding did with the requests of one route. */
export interface LimitRow {
  readonly service: string
  /** `POST /orders`; '*' for what is told of no route. */
  readonly route: string
  /** Let through by `limit` or `throttle`; 0 where a route has neither. */
  readonly allowed: number
  /** Of those, the ones that `throttle` made wait, and for how long on average; null: none. */
  readonly delayed: number
  readonly averageDelayMs: number | null
  /** Waited for a place of `concurrency`, and then were served or refused. */
  readonly queued: number
  /** Answered with 429 or 503, or with 413 for their body, by the reason; the most frequent first. */
  readonly refused: number
  readonly refusedBy: readonly LimitReason[]
  /** Would have been, in shadow mode. */
  readonly shadowRefused: number
  /** Decided by one instance alone, since the store did not answer. */
  readonly alone: number
  /** Clients that were refused most, by the hash of their key, which holds within one process; at most 10. */
  readonly keys: readonly { readonly key: string; readonly refused: number }[]
}
export interface LimitReason {
  readonly policy: 'limit' | 'concurrency' | 'shed' | 'body'
  readonly reason: string
  readonly count: number
}
export interface LimitsAnswer extends WindowAnswer {
  readonly routes: readonly LimitRow[]
}

export interface TraceRow {
  readonly traceId: string
  readonly service: string
  readonly services: readonly string[]
  readonly route: string
  readonly startMs: number
  readonly durationMs: number
  readonly status: SpanStatus
  readonly statusCode: number | null
  readonly spans: number
}
export interface TracesAnswer extends WindowAnswer {
  readonly traces: readonly TraceRow[]
  /** Requests that the histograms counted in the window, so that a list can say '312 of 18,402'. */
  readonly requests: number
}

/** A span, or a group of five or more siblings of one template folded into one row. */
export interface TraceRowSpan {
  readonly spanId: string
  readonly name: string
  readonly kind: SpanKind
  readonly category: 'code' | 'database' | 'http' | 'cache' | 'waiting'
  readonly service: string
  readonly depth: number
  readonly offsetNs: number
  readonly durationNs: number
  /** Time in the span in which none of its children ran; of calls side by side, in which any of them ran. */
  readonly selfNs: number
  /** Of the span's own time, how much the trace waited for it: the part on the critical path. */
  readonly criticalNs: number
  /** True when the critical path goes through it. */
  readonly critical: boolean
  readonly status: SpanStatus
  readonly attributes: Attributes
  readonly where?: CallSite
  readonly folded?: {
    readonly count: number
    readonly p50Ns: number
    readonly maxNs: number
    readonly sumNs: number
    readonly order: 'sequential' | 'concurrent'
    /** Offset and duration of each call, at most 1,000. */
    readonly calls: readonly (readonly [offsetNs: number, durationNs: number])[]
  }
}
export interface TraceAnswer {
  readonly traceId: string
  readonly route: string
  readonly startMs: number
  readonly durationNs: number
  readonly statusCode: number | null
  readonly spans: number
  readonly services: readonly string[]
  /** One sentence: where the time went. */
  readonly verdict: string
  /** Depth first, siblings by start; at most 5,000. */
  readonly rows: readonly TraceRowSpan[]
  /** Where no span ran for more than a fifth of the trace, in nanoseconds from its start, by time. */
  readonly gaps: readonly (readonly [fromNs: number, toNs: number])[]
  /** Those of the window around the trace that it shows. */
  readonly findings: readonly { readonly id: string; readonly title: string }[]
  readonly problems: readonly string[]
  /** What was left out because it says nothing: nothing is wrong with that. */
  readonly notes: readonly string[]
}

export interface FindingsAnswer extends WindowAnswer {
  readonly findings: readonly Finding[]
  readonly requests: number
  /** Milliseconds of all requests in the window. */
  readonly totalMs: number
  /** Requests whose traces were looked at: what a route lacks here cannot have been seen on it. */
  readonly looked: readonly LookedAt[]
  /** Those that a comment or the config has ignored; not among `findings`. */
  readonly ignored?: readonly Finding[]
  /** Those that were fixed, the latest first; whatever the window, in which some may still show. */
  readonly fixed?: readonly PastFinding[]
}

export interface LookedAt {
  readonly service: string
  readonly route: string
  readonly requests: number
}

/** A finding that does not show any more. */
export interface PastFinding {
  readonly id: string
  readonly kind: FindingKind
  readonly service: string
  readonly route: string
  readonly subject: string
  readonly title: string
  readonly fixedMs: number
  /** Whether it shows in the window all the same, which began before. */
  readonly shows: boolean
  /** Requests of its route in which it did not show. */
  readonly requests: number
  /** What became of it, the oldest first. */
  readonly history: readonly StandingEvent[]
}

export interface FindingAnswer extends WindowAnswer {
  readonly finding: Finding
  /** Its place in the list, from 1 up; null of one that is not in it, since it is ignored or fixed. */
  readonly rank: number | null
  readonly requests: number
  readonly totalMs: number
}

/** What happened in one step of a timeline. Null where nothing can be said: no request, or too few. */
export interface TimelinePoint {
  readonly startMs: number
  readonly count: number
  readonly errors: number
  readonly averageMs: number | null
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
}
/** `GET /api/timeline?route=GET+/users`: without `route` all requests of the service. */
export interface TimelineAnswer extends WindowAnswer {
  readonly route: string | null
  /** A whole number of seconds that gives about 60 steps, at most 240. */
  readonly stepMs: number
  /** One for each step of the window, steps without a request included; the first starts at a multiple of `stepMs`. */
  readonly points: readonly TimelinePoint[]
  readonly heatmap: {
    /** Lower bounds of the bands of latency, ascending, four to a factor of ten; the last has no end. */
    readonly fromMs: readonly number[]
    /** Requests by point, then by band; at most 20,000 cells. */
    readonly counts: readonly (readonly number[])[]
  }
}

export type GaugeKey =
  | 'cpu'
  | 'memory'
  | 'heap'
  | 'loopDelayP99'
  | 'loopUtilization'
  | 'poolUsed'
  | 'poolIdle'
  | 'poolPending'
  | 'poolMax'
/** One process of a service, with what it said of itself. */
export interface ProcessRow {
  readonly service: string
  readonly instance: string
  /** Null where the telemetry does not say. */
  readonly pid: number | null
  readonly host: string | null
  /** `Node 20.20.2`. */
  readonly runtime: string | null
  /** `service.version`: `1.4.2`, or a commit; null where the telemetry does not say. */
  readonly version: string | null
  readonly firstMs: number
  readonly lastMs: number
  /**
   * By step of the answer; null where nothing came. `cpu` is in processors (1.5 = one and a half),
   * memory in bytes, delay in milliseconds, utilization 0 to 1, pools in connections summed over the
   * pools of the process. A gauge that never came is absent.
   */
  readonly gauges: { readonly [key in GaugeKey]?: readonly (number | null)[] }
}
/** `GET /api/processes`. */
export interface ProcessesAnswer extends WindowAnswer {
  readonly stepMs: number
  readonly startMs: number
  readonly processes: readonly ProcessRow[]
}

/** A row of two traces side by side: spans of the same path and name, summed on each side. */
export interface CompareRow {
  readonly name: string
  readonly depth: number
  readonly category: TraceRowSpan['category']
  readonly a: CompareSide | null
  readonly b: CompareSide | null
}
export interface CompareSide {
  readonly count: number
  readonly sumNs: number
  readonly selfNs: number
  readonly offsetNs: number
}
/** `GET /api/compare?a=ID&b=ID`. */
export interface CompareAnswer {
  readonly a: TraceHead
  readonly b: TraceHead
  /** One sentence: what makes the difference. */
  readonly verdict: string
  /** Depth first; the order of `a`, and what is only in `b` after its siblings. */
  readonly rows: readonly CompareRow[]
}
export type TraceHead = Pick<
  TraceAnswer,
  'traceId' | 'route' | 'startMs' | 'durationNs' | 'statusCode' | 'spans'
>

/** One alert rule with its state, one for each group (route or service) that it watches. */
export interface AlertRow {
  readonly rule: string
  /** `average over 200 ms for 1 min on GET /menu`. */
  readonly condition: string
  /** `*` for a rule about any service that has seen none yet. */
  readonly service: string
  readonly route: string | null
  readonly state: 'inactive' | 'pending' | 'firing' | 'resolved'
  /** When it came into this state; null when inactive from the start. */
  readonly sinceMs: number | null
  /** The figure last seen, and its bound, in `unit`; null with too little traffic. */
  readonly value: number | null
  /** Null while nothing usual is known to compare with. */
  readonly bound: number | null
  readonly unit: 'ms' | 'share'
  /** Delivery to each notifier: `delivered`, `waiting (3 tries)`, and the last error. */
  readonly deliveries: readonly {
    readonly notifier: string
    readonly state: 'delivered' | 'waiting' | 'given up'
    readonly tries: number
    readonly error: string | null
  }[]
}
/** `GET /api/alerts`: rules that watch something or fire; firing first. */
export interface AlertsAnswer {
  readonly alerts: readonly AlertRow[]
  readonly notifiers: readonly string[]
  /** What does not work, in sentences for people; empty when all is well. */
  readonly notes: readonly string[]
}
