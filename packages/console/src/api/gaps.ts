import type { Trace } from '../model.js'

/** A shorter one costs a picture little. */
const leastPart = 0.2

/**
 * The gaps of a trace: from where to where, in nanoseconds from its start, no span ran, for more than a
 * fifth of it. A trace has some when work goes on after the answer: a message that waits in a queue.
 *
 *     POST /orders  ━━━
 *     send mail                        ━━━━      one gap
 */
export function gapsOf({ spans, durationNs }: Trace): (readonly [fromNs: number, toNs: number])[] {
  const gaps: (readonly [number, number])[] = []
  let untilNs = 0
  for (const span of [...spans].sort((a, b) => a.offsetNs - b.offsetNs)) {
    if (span.offsetNs - untilNs > leastPart * durationNs) gaps.push([untilNs, span.offsetNs])
    untilNs = Math.max(untilNs, span.offsetNs + span.durationNs)
  }
  return gaps
}
