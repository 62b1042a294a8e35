import type { Trace, TraceSpan } from '../model.js'

/**
 * The critical path: the spans that the trace waited for, each with its own time on the path in
 * nanoseconds. Seen from the end: the child that ended last was waited for from its start on; before
 * that the one that had ended last by then; what lies between is the span's own time. A child that
 * outlasts its parent counts up to the parent's end; one that still ran when the next on the path
 * began was not what that one waited for.
 *
 *     A ━━━━━━━━━━━━━━━━     A waited for B, worked, and waited for C.
 *     B   ━━━━               D still ran when C began, so C did not wait for it.
 *     C          ━━━━━━
 *     D     ───────
 */
export function criticalPath(trace: Trace): Map<TraceSpan, number> {
  const path = new Map<TraceSpan, number>()
  const root = trace.roots[0]
  const stack = root ? [{ span: root, fromNs: root.offsetNs, untilNs: endOf(root) }] : []
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { span, fromNs, untilNs } = top
    let atNs = untilNs
    let ownNs = 0
    let isLast = true
    for (const child of [...span.children].sort((a, b) => endOf(b) - endOf(a))) {
      const startNs = Math.max(child.offsetNs, fromNs)
      const endNs = Math.min(endOf(child), atNs)
      if (startNs >= endNs || (endOf(child) > atNs && !isLast)) continue
      isLast = false
      ownNs += atNs - endNs
      stack.push({ span: child, fromNs: startNs, untilNs: endNs })
      atNs = startNs
    }
    path.set(span, ownNs + atNs - fromNs)
  }
  return path
}

/** Nanoseconds in the span in which none of its children ran. */
export function selfNs(span: TraceSpan): number {
  let coveredNs = 0
  let atNs = span.offsetNs
  const end = endOf(span)
  // Children are in order of their start.
  for (const child of span.children) {
    const until = Math.min(end, endOf(child))
    // Also one that begins after the span has ended: work that it left to others.
    const from = Math.max(atNs, child.offsetNs)
    if (until <= from) continue
    coveredNs += until - from
    atNs = until
  }
  return Math.max(0, span.durationNs - coveredNs)
}

function endOf({ offsetNs, durationNs }: TraceSpan): number {
  return offsetNs + durationNs
}
