import type { Trace, TraceSpan } from '../model.js'
import { statementOf } from './calls.js'

/** True when a transaction was open from before the first call until after the last. */
export function inTransaction(
  calls: readonly TraceSpan[],
  request: TraceSpan,
  trace: Trace,
): boolean {
  const first = calls[0]?.offsetNs ?? 0
  const last = calls.at(-1)?.offsetNs ?? 0
  let beganNs = -1
  const endsNs: number[] = []
  for (const span of trace.spans) {
    const text = span.service === request.service ? statementOf(span) : undefined
    if (text === undefined) continue
    if (/^\s*(?:begin|start\s+transaction)\b/i.test(text)) {
      if (span.offsetNs <= first) beganNs = Math.max(beganNs, span.offsetNs)
    } else if (/^\s*(?:commit|rollback(?!\s+to)|end)\b/i.test(text)) endsNs.push(span.offsetNs)
  }
  const endedNs = Math.min(...endsNs.filter(endNs => endNs >= beganNs))
  return beganNs >= 0 && endedNs >= last && endedNs < Infinity
}
