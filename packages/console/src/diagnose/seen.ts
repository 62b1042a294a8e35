import type { Trace, TraceSpan } from '../model.js'
import { groups } from './calls.js'
import { statementKey } from './course.js'
import { detectors } from './detectors.js'
import { add, type Occurrence } from './occurrence.js'
import { isRequest } from './request.js'

/** What one trace shows by itself, before it is weighed with the others. */
export interface Seen {
  readonly requests: readonly TraceSpan[]
  readonly occurrences: readonly Occurrence[]
  /** How long each call of each statement took, by `statementKey`: numbers are weighed faster than spans. */
  readonly callsMs: ReadonlyMap<string, Float64Array>
}

/**
 * Goes through a trace, once: a trace that is kept is not gone through again for the next question.
 * Takes 2 to 10 us a span.
 */
export function seenIn(trace: Trace): Seen {
  const known = memo.get(trace)
  if (known) return known
  const seen = look(trace)
  memo.set(trace, seen)
  return seen
}

/** The requests in a trace: what is looked at. */
export const requestsIn = (trace: Trace): readonly TraceSpan[] => seenIn(trace).requests

const memo = new WeakMap<Trace, Seen>()

function look(trace: Trace): Seen {
  const callsMs = new Map<string, number[]>()
  for (const group of groups(trace))
    for (const call of group.calls)
      add(callsMs, statementKey(call.service, group.reading.template), call.durationNs / 1e6)
  return {
    requests: trace.spans.filter(isRequest),
    occurrences: detectors.flatMap(detector => detector.detect(trace)),
    callsMs: new Map([...callsMs].map(([key, ms]) => [key, new Float64Array(ms)])),
  }
}
