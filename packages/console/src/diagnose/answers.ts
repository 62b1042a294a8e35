import type { CallSite, FindingKind, Trace, TraceSpan } from '../model.js'
import { callSite, statementOf } from './calls.js'
import { type Occurrence, occurrenceIn } from './occurrence.js'
import { isRequest, requestsOf } from './request.js'

/**
 * What a field of a row and a byte of an answer cost, on both sides of the wire of one network. Node 24 on
 * the machine of bench/RESULTS.md: pg reads a text of 20 characters in about 0.15 us; JSON.stringify writes
 * 107 kB in 285 us, which is 2.7 ns a byte, and 1 Gbit/s takes 8.
 */
export const transfer = { fieldNs: 150, byteNs: 11 }

/** Requests that the process answered, of which our recorder tells the answer. */
export function answered(trace: Trace): TraceSpan[] {
  return trace.spans.filter(isRequest)
}

/** A count or a time that a span tells; undefined when it tells none, or one that cannot be. */
export function figureOf(span: TraceSpan, name: string): number | undefined {
  const value = span.attributes[name]
  const isOne = typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
  return isOne ? value : undefined
}

/** An occurrence that is about the answer of a request: its evidence is the request itself. */
export function ofAnswer(
  kind: FindingKind,
  trace: Trace,
  request: TraceSpan,
  takenNs: number,
): Occurrence {
  const where = onlySite(request, trace)
  return {
    ...occurrenceIn(kind, trace, request, 'the answer'),
    ...(where ? { where } : {}),
    calls: [request],
    order: 'sequential',
    takenNs,
  }
}

/** The place of the last statement of a request: the answer is made behind it. */
function onlySite(request: TraceSpan, trace: Trace): CallSite | undefined {
  const requests = requestsOf(trace)
  return trace.spans
    .filter(span => statementOf(span) !== undefined && requests.get(span) === request)
    .map(callSite)
    .findLast(site => site !== undefined)
}
