import type { Change } from '../diagnose/remedy.js'
import { spansUnder } from '../diagnose/request.js'
import type { TraceSpan } from '../model.js'

/**
 * A request replayed with a fix: how long it would have taken, in nanoseconds. Each span begins as long as
 * it did after the last of its siblings that had ended by then, since it may have waited for any of them;
 * what lies between spans is the code's own time, and stays. A span lasts until the last child that it
 * waited for is over, and its code after that.
 *
 *     A ━━━━━━━━━━━━━━━━     B gone:   A ━━━━━━━━━━━━
 *     B   ━━━━                         C      ━━━━━━      C comes as long after the
 *     C          ━━━━━━                D   ───────        start of A as it came after B.
 *     D   ───────
 *
 * So it is never longer than it was, never shorter than what was not touched, and the same when nothing was.
 */
export function replayed(request: TraceSpan, change: Change): number {
  const leaders = leadersOf(change)
  const lasts = new Map<TraceSpan, number>()
  // From the leaves up and not by recursion: traces may be as deep as they have spans.
  for (const span of spansUnder(request).toReversed()) {
    const own = lengthOf(span, change, leaders, lasts)
    lasts.set(span, Math.min(own, change.lasting?.get(span) ?? own))
  }
  return lasts.get(request) ?? request.durationNs
}

/** Each span that begins with another, with that other. */
function leadersOf({ together = [] }: Change): Map<TraceSpan, TraceSpan> {
  const leaders = new Map<TraceSpan, TraceSpan>()
  for (const [first, ...others] of together)
    for (const other of others)
      if (first !== undefined && first.parent === other.parent) leaders.set(other, first)
  return leaders
}

/** How long a span lasts when its children last as in `lasts`. Times are from its start. */
function lengthOf(
  span: TraceSpan,
  { behind }: Change,
  leaders: ReadonlyMap<TraceSpan, TraceSpan>,
  lasts: ReadonlyMap<TraceSpan, number>,
): number {
  if (span.children.length === 0) return span.durationNs
  const starts = new Map<TraceSpan, number>()
  const ended = new Ended(span)
  /** When what happened at `atNs` happens now, that had to wait for all that had ended by then. */
  const shifted = (atNs: number, before: number): number => {
    ended.until(atNs, before, child => (starts.get(child) ?? 0) + (lasts.get(child) ?? 0))
    const pauseNs = atNs - ended.lastNs
    const left = pauseNs > 0 && ended.last ? (behind?.get(ended.last) ?? 1) : 1
    return Math.max(0, ended.nowNs + pauseNs * left)
  }
  for (const [i, child] of span.children.entries()) {
    const atNs = child.offsetNs - span.offsetNs
    const own = atNs < 0 ? atNs : shifted(atNs, i)
    const leader = leaders.get(child)
    const first = leader && starts.get(leader)
    starts.set(child, first === undefined ? own : Math.min(own, Math.max(0, first)))
  }
  return shifted(span.durationNs, span.children.length)
}

/**
 * A span that begins when this part of another is still to come, and no more than a millisecond, came after
 * it: clocks are rounded, and the SDK of Node rounds starts to whole milliseconds.
 */
const touch = { part: 0.1, ns: 1e6 }

/** The children of a span that had ended by a time that only grows. */
class Ended {
  /** By when they count as ended; of the same time in their order. */
  readonly #waiting: { readonly child: TraceSpan; readonly i: number; readonly atNs: number }[]
  readonly #startNs: number
  #next = 0
  /** When the last of them ended, as it was, and which. */
  lastNs = 0
  last: TraceSpan | undefined = undefined
  /** The same as it is now. */
  nowNs = 0

  constructor({ children, offsetNs }: TraceSpan) {
    this.#startNs = offsetNs
    this.#waiting = children
      .map((child, i) => {
        const touchNs = Math.min(touch.ns, touch.part * child.durationNs)
        return { child, i, atNs: child.offsetNs - offsetNs + child.durationNs - touchNs }
      })
      .sort((a, b) => a.atNs - b.atNs || a.i - b.i)
  }

  /** Goes on to `atNs`, among the first `before` children; `endOf` tells when one ends now. */
  until(atNs: number, before: number, endOf: (child: TraceSpan) => number): void {
    for (let one = this.#waiting[this.#next]; one; one = this.#waiting[++this.#next]) {
      if (one.atNs > atNs || one.i >= before) return
      const wasNs = one.child.offsetNs - this.#startNs + one.child.durationNs
      if (wasNs >= this.lastNs) {
        this.lastNs = wasNs
        this.last = one.child
      }
      this.nowNs = Math.max(this.nowNs, endOf(one.child))
    }
  }
}
