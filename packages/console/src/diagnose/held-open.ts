import type { Trace, TraceSpan } from '../model.js'
import { statementOf } from './calls.js'
import { add } from './occurrence.js'
import { isOutgoing } from './outgoing.js'
import { reading } from './reading.js'
import { requestsOf } from './request.js'

/** What a request did with locks held: between its first write in a transaction and the end of that. */
export interface HeldOpen {
  readonly request: TraceSpan
  /** The write that took the first lock. */
  readonly lock: TraceSpan
  /** BEGIN and COMMIT, or ROLLBACK. */
  readonly begin: TraceSpan
  readonly end: TraceSpan
  /** Calls out, and code that kept the event loop, by start. */
  readonly work: readonly TraceSpan[]
}

/**
 * The transactions of a trace that stay open over calls or computing. Connections are not told apart: where
 * two transactions of a request overlap, nothing is said of it.
 */
export function heldOpen(trace: Trace): readonly HeldOpen[] {
  const known = memo.get(trace)
  if (known) return known
  const found = find(trace)
  memo.set(trace, found)
  return found
}

const memo = new WeakMap<Trace, readonly HeldOpen[]>()

function find(trace: Trace): HeldOpen[] {
  const others = trace.spans.filter(isOther)
  if (others.length === 0) return []
  const requests = requestsOf(trace)
  const statements = new Map<TraceSpan, TraceSpan[]>()
  for (const span of trace.spans) {
    const request = statementOf(span) === undefined ? undefined : requests.get(span)
    if (request) add(statements, request, span)
  }
  return [...statements].flatMap(([request, own]) => {
    const work = others.filter(span => requests.get(span) === request)
    return work.length === 0 ? [] : inTransactions(request, own, work)
  })
}

function inTransactions(
  request: TraceSpan,
  statements: readonly TraceSpan[],
  work: readonly TraceSpan[],
): HeldOpen[] {
  const found: HeldOpen[] = []
  let begin: TraceSpan | undefined
  let lock: TraceSpan | undefined
  for (const span of [...statements].sort((a, b) => a.offsetNs - b.offsetNs)) {
    const text = statementOf(span) ?? ''
    if (/^\s*(?:begin|start\s+transaction)\b/i.test(text)) {
      if (begin) return []
      begin = span
    } else if (begin && isLocking(text)) lock ??= span
    else if (begin && /^\s*(?:commit|rollback(?!\s+to)|end)\b/i.test(text)) {
      const held = lock ? within(work, endOf(lock), span.offsetNs) : []
      if (lock && held.length > 0) found.push({ request, lock, begin, end: span, work: held })
      begin = lock = undefined
    }
  }
  return found
}

function isLocking(text: string): boolean {
  const { operation, locks } = reading(text)
  return locks || operation === 'insert' || operation === 'update' || operation === 'delete'
}

const isOther = (span: TraceSpan): boolean =>
  isOutgoing(span) || span.attributes['hotpath.blocked'] === true

const within = (spans: readonly TraceSpan[], fromNs: number, untilNs: number): TraceSpan[] =>
  spans
    .filter(span => span.offsetNs >= fromNs && endOf(span) <= untilNs)
    .sort((a, b) => a.offsetNs - b.offsetNs)

const endOf = ({ offsetNs, durationNs }: TraceSpan): number => offsetNs + durationNs
