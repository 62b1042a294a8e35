import type { TraceSpan } from '../model.js'
import type { Courses } from './course.js'
import type { Occurrence, Told } from './occurrence.js'
import { waitsAmong } from './timing.js'

/** What a detector says of the worth of its first fix: `predict/` replays requests with it. */
export interface Remedy {
  /** What the fix changes in one request that shows it; undefined where nothing honest can be said. Pure. */
  readonly changes: (occurrence: Occurrence, courses: Courses) => Change | undefined
  /** How a prediction is made, with its figures; or why there is none. One sentence. */
  readonly how: (told: Told) => string
}

/** Where nothing can be said of what the fix would gain, why. */
export function unpredicted(why: string): Remedy {
  return { changes: () => undefined, how: () => why }
}

/**
 * What a fix changes in a request. It takes away, it never adds: what it makes necessary is in the spans
 * that it leaves.
 */
export interface Change {
  /** Spans that take so many nanoseconds instead, if they took more; 0: they are not there any more. */
  readonly lasting?: ReadonlyMap<TraceSpan, number>
  /** This part, 0 to 1, is left of the pause right behind these spans: of what the code does there. */
  readonly behind?: ReadonlyMap<TraceSpan, number>
  /** Siblings that begin when the first of them does. */
  readonly together?: readonly (readonly TraceSpan[])[]
  /** This part of the requests, 0 to 1, is answered in so many nanoseconds, by no code of the app. */
  readonly answered?: { readonly part: number; readonly inNs: number }
}

/** The spans, none of which is there any more. */
export function gone(spans: readonly TraceSpan[]): Map<TraceSpan, number> {
  return new Map(spans.map(span => [span, 0]))
}

/** Those of some calls, by start, that go, with the waits for a connection in front of them. */
export function goneBut(
  calls: readonly TraceSpan[],
  stays: (call: TraceSpan) => boolean,
): Map<TraceSpan, number> {
  const waits = waitsAmong(calls).sort((a, b) => a.offsetNs - b.offsetNs)
  let at = 0
  const waitsThatGo = waits.filter(wait => {
    while ((calls[at]?.offsetNs ?? Infinity) < wait.offsetNs) at++
    const next = calls[at]
    return next !== undefined && !stays(next)
  })
  return gone([...calls.filter(call => !stays(call)), ...waitsThatGo])
}

/** Both at once, of calls by start, two by two: the second of each pair waited for the first. */
export const sideBySide: Remedy = {
  changes: ({ calls }) => ({
    together: calls.flatMap((_, i) => (i % 2 === 0 ? [calls.slice(i, i + 2)] : [])),
  }),
  how: () =>
    'The second begins when the first does, and each takes as long as it did: the longer one is waited for.',
}
