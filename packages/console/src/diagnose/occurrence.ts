import {
  type CallSite,
  type FindingKind,
  type Fix,
  routeOf,
  type Subject,
  type Trace,
  type TraceSpan,
} from '../model.js'
import type { Group } from './calls.js'
import type { Courses } from './course.js'
import { type Reading, reading } from './reading.js'
import type { Remedy } from './remedy.js'
import { unionNs } from './timing.js'

/** What a detector is, for people: `docs/findings.md` says the same at length. */
export interface DetectorMeta {
  readonly id: FindingKind
  readonly title: string
  /** Why it makes an API slow. */
  readonly why: string
  /** From where on it speaks, and the reason for that number. */
  readonly threshold: string
  /** What its findings are about. */
  readonly about: Subject
  /** Its cost is the caller's, or nobody's yet: named however little of the request it takes. */
  readonly elsewhere?: true
  /** One remedy is for all routes of a service: the dearest is told, and names the others. */
  readonly ofService?: true
}

/** A pattern seen once: in one request of one trace. */
export interface Occurrence {
  readonly kind: FindingKind
  readonly traceId: string
  readonly service: string
  readonly route: string
  /** The statement's template, the pool, the database, or the call: `GET host:port/path`. */
  readonly subject: string
  /** Of no statement: of an empty text. */
  readonly reading: Reading
  readonly where?: CallSite
  /** `where` is what takes the time itself; else it is where the calls are made, or what was reached. */
  readonly isCause?: true
  readonly request: TraceSpan
  /** The spans that show the pattern, by start: calls of the statement, waits for a connection, calls out. */
  readonly calls: readonly TraceSpan[]
  /** Different parameters among them; null when telemetry does not tell. */
  readonly distinct: number | null
  readonly order: Order
  /** Time of the request that the pattern costs: most often that in which one of the calls, or a wait for one, ran. */
  readonly takenNs: number
  /** Of calls that ask the same again, those whose answers would do. */
  readonly answers?: readonly TraceSpan[]
  /** The statement or call that it could run beside, where the pattern is a pair. */
  readonly beside?: string
}

/** `concurrent` when more than one in ten calls began before the one before it had ended. */
export type Order = 'sequential' | 'concurrent'

export interface Detector {
  readonly meta: DetectorMeta
  /** Pure: depends on the trace alone. */
  readonly detect: (trace: Trace) => readonly Occurrence[]
  /** Whether the requests that show it are enough to say so. Pure. */
  readonly isConfirmed: (weighed: Weighed) => boolean
  readonly describe: (told: Told) => Description
  /** What would mend it, the most concrete first. */
  readonly fixes: (occurrence: Occurrence) => readonly Fix[]
  /** What the fix would gain; absent where nobody has thought about it. */
  readonly remedy: Remedy
  /** What a part of a trace is, in a few words: `one slow query: 40 ms`. */
  readonly inShort: (occurrence: Occurrence) => string
}

/** All requests of one route that show one thing, once each, and what they are weighed against. */
export interface Weighed {
  /** At least one. */
  readonly occurrences: readonly Occurrence[]
  /** All sampled requests of the route. */
  readonly sampled: readonly TraceSpan[]
  readonly courses: Courses
}

/** What a title and sentences are made from. */
export interface Told {
  readonly occurrences: readonly Occurrence[]
  /** The one in the middle by what it took: sentences about one trace are about this. */
  readonly typical: Occurrence
  /** In one request: the median. */
  readonly calls: number
  readonly courses: Courses
}

export type Description = readonly [title: string, sentences: readonly string[]]

/** The part of an occurrence that its group tells. */
export function occurrenceOf(kind: FindingKind, trace: Trace, group: Group) {
  return {
    ...occurrenceIn(kind, trace, group.request, group.reading.template),
    reading: group.reading,
    ...(group.where ? { where: group.where } : {}),
  }
}

/** The same of what is no statement. */
export function occurrenceIn(kind: FindingKind, trace: Trace, request: TraceSpan, subject: string) {
  return {
    kind,
    traceId: trace.traceId,
    service: request.service,
    route: routeOf(request.attributes, request.name),
    subject,
    reading: reading(''),
    request,
    distinct: null,
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
        ...(more.answers && { answers: [known, occurrence].flatMap(one => one.answers ?? []) }),
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
