import type { Attributes } from './attributes.js'
import type { CallSite } from './call-site.js'
import { siteOf } from './site.js'
import type { Gauge } from './gauges.js'
import type { SeriesDelta } from './series.js'
import type { Tally } from './tallies.js'
import type { OpenSpan, SpanContext, SpanKind, SpanStatus } from './span.js'

/** A span on its way to the worker: what structured clone copies in about 2 us. */
export interface WireSpan {
  readonly traceId: string
  readonly spanId: string
  /** '' on a root. */
  readonly parentId: string
  readonly kind: SpanKind
  readonly name: string
  /** On the clock's scale. */
  readonly startMs: number
  readonly durationMs: number
  readonly status: SpanStatus
  readonly attributes: Attributes
  readonly link: SpanContext | undefined
  /** Of what runs; the worker finds what was written. */
  readonly site: CallSite | undefined
}

/** What was counted since the last one, frozen: resent as it is until it is acknowledged. */
export interface Delivery {
  /** From 1 up, in this process; 0 while it waits for its turn. */
  readonly sequence: number
  readonly originMs: number
  readonly startMs: number
  readonly endMs: number
  readonly series: readonly SeriesDelta[]
  /** As of `endMs`; what was used, since `startMs`. */
  readonly gauges: readonly Gauge[]
  readonly tallies: readonly Tally[]
  readonly dropped: readonly (readonly [what: string, reason: string, n: number])[]
  readonly errors: readonly (readonly [where: string, n: number])[]
}

/** To the worker. */
export type ToWorker =
  | { readonly type: 'spans'; readonly originMs: number; readonly spans: readonly WireSpan[] }
  | { readonly type: 'delivery'; readonly delivery: Delivery }
  /** Count up `FLUSHED` once nothing is on its way any more. */
  | { readonly type: 'flush' }
  /** Try everything once more, then set `DONE`. */
  | { readonly type: 'finish' }

/** From the worker. */
export type FromWorker =
  /** The spans are encoded and in its queue, or dropped; `dropped` also tells what had to make room. */
  | { readonly type: 'queued' }
  /** Accepted, refused, or dropped: not to be sent again. */
  | { readonly type: 'delivered'; readonly sequence: number }
  | {
      readonly type: 'dropped'
      readonly what: 'spans' | 'metrics'
      readonly reason: 'queue' | 'rejected' | 'encode'
      readonly n: number
    }

/** Slots of the shared Int32Array. */
export const DONE = 0
/** 1: the last attempt found nobody. */
export const ABSENT = 1
/** Flushes that were asked for and are over. */
export const FLUSHED = 2
export const SLOTS = 3

/** Where one signal goes. */
export interface Receiver {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export interface WorkerOptions {
  readonly traces: Receiver
  readonly metrics: Receiver
  readonly protocol: 'http/json' | 'http/protobuf'
  readonly compression: 'gzip' | 'none'
  /** Of the resource. */
  readonly resource: Attributes
  readonly version: string
  /** Call sites are told from this directory. */
  readonly root: string
  readonly flags: SharedArrayBuffer
  readonly maxBackoffMs: number
  readonly maxQueueBytes: number
}

/** Makes the ids of a span if nobody needed them before, and asks it to describe itself. */
export function toWire(span: OpenSpan): WireSpan {
  const { trace, parent } = span
  // First: a span may find its name there.
  const attributes = span.describe()
  return {
    traceId: trace.traceId,
    spanId: span.spanId,
    parentId: parent === undefined ? trace.remoteParent : parent.spanId,
    kind: span.kind,
    name: span.name,
    startMs: span.startMs,
    durationMs: span.endMs - span.startMs,
    status: span.status,
    attributes,
    link: span === trace.root ? trace.link : undefined,
    site: siteOf(span),
  }
}
