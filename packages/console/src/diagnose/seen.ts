import type { Trace, TraceSpan } from '../model.js'
import { groups } from './calls.js'
import { nPlusOne } from './n-plus-one.js'
import { add, type Detector, type Occurrence } from './occurrence.js'
import { repeatedStatement } from './repeated-statement.js'
import { isRequest } from './request.js'
import { slowStatement } from './slow-statement.js'

export const detectors: readonly Detector[] = [nPlusOne, repeatedStatement, slowStatement]

/** What one trace shows by itself, before it is weighed with the others. */
export interface Seen {
  readonly requests: readonly TraceSpan[]
  readonly occurrences: readonly Occurrence[]
  /** Calls of each statement, by `statementKey`. */
  readonly calls: ReadonlyMap<string, readonly TraceSpan[]>
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

const memo = new WeakMap<Trace, Seen>()

function look(trace: Trace): Seen {
  const calls = new Map<string, TraceSpan[]>()
  for (const group of groups(trace))
    for (const call of group.calls)
      add(calls, statementKey(call.service, group.reading.template), call)
  return {
    requests: trace.spans.filter(isRequest),
    occurrences: detectors.flatMap(detector => detector.detect(trace)),
    calls,
  }
}

export function statementKey(service: string, template: string): string {
  return `${service}\u0000${template}`
}
