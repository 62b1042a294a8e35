import { type CallSite, type FindingKind, routeOf, type Trace, type TraceSpan } from '../model.js'
import type { Group } from './calls.js'
import type { Reading } from './reading.js'
import { unionNs } from './timing.js'

/** What a detector is, for people: `docs/findings.md` says the same at length. */
export interface DetectorMeta {
  readonly id: FindingKind
  readonly title: string
  /** Why it makes an API slow. */
  readonly why: string
  /** From where on it speaks, and the reason for that number. */
  readonly threshold: string
}

/** A pattern seen once: in one request of one trace. */
export interface Occurrence {
  readonly kind: FindingKind
  readonly traceId: string
  readonly service: string
  readonly route: string
  /** The statement's template, or the pool. */
  readonly subject: string
  /** Of no statement: of an empty text. */
  readonly reading: Reading
  readonly where?: CallSite
  readonly request: TraceSpan
  /** The statement's calls, or the waits for a connection, that show the pattern, by start. */
  readonly calls: readonly TraceSpan[]
  /** Different parameters among them; null when telemetry does not tell. */
  readonly distinct: number | null
  readonly order: Order
  /** Time of the request in which at least one of the calls, or a wait for one, ran. */
  readonly takenNs: number
}

/** `concurrent` when more than one in ten calls began before the one before it had ended. */
export type Order = 'sequential' | 'concurrent'

export interface Detector {
  readonly meta: DetectorMeta
  /** Pure: depends on the trace alone. */
  readonly detect: (trace: Trace) => readonly Occurrence[]
}

/** The part of an occurrence that its group tells. */
export function occurrenceOf(kind: FindingKind, trace: Trace, group: Group) {
  return {
    kind,
    traceId: trace.traceId,
    service: group.request.service,
    route: routeOf(group.request.attributes, group.request.name),
    subject: group.reading.template,
    reading: group.reading,
    ...(group.where ? { where: group.where } : {}),
    request: group.request,
  }
}

/** Several places or parents in one request that ask the same are one occurrence of it. */
export function oncePerRequest(occurrences: readonly Occurrence[]): Occurrence[] {
  const byRequest = new Map<TraceSpan, Occurrence>()
  for (const occurrence of occurrences) {
    const known = byRequest.get(occurrence.request)
    if (!known) byRequest.set(occurrence.request, occurrence)
    else {
      const [more] = known.calls.length >= occurrence.calls.length ? [known] : [occurrence]
      const calls = [...known.calls, ...occurrence.calls].sort((a, b) => a.offsetNs - b.offsetNs)
      byRequest.set(occurrence.request, {
        ...more,
        calls,
        distinct:
          known.distinct === null || occurrence.distinct === null
            ? null
            : Math.max(known.distinct, occurrence.distinct),
        takenNs: Math.max(unionNs(calls), known.takenNs, occurrence.takenNs),
      })
    }
  }
  return [...byRequest.values()]
}

/** Adds a value to the list of its key. */
export function add<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}
