import type { IntakeCounts, StoreProblem } from '../intake/intake.js'
import type { StoreStatus } from '../store/store.js'

/** The answer of `GET /api/status`. */
export interface StatusAnswer {
  readonly name: 'hotpath-console'
  readonly version: string
  readonly pid: number
  readonly startedMs: number
  readonly store: StoreStatus & { readonly maxAgeMs: number; readonly maxBytes: number }
  readonly intake: IntakeCounts
  /** Set while nothing can be written: the intake answers 503, and senders hold what they have. */
  readonly problem: StoreProblem | null
  /** What was not kept or did not arrive, in sentences for people; empty when all is well. */
  readonly notes: readonly string[]
}

/** The first thing to know, when there is something. */
export function problemNotes(problem: StoreProblem | null): string[] {
  if (problem === null) return []
  const what = {
    full: 'Nothing is recorded at the moment: there is no room left for the store.',
    'read-only': 'Nothing is recorded at the moment: the store cannot be written.',
    failed: 'Nothing is recorded at the moment: the store fails.',
  }
  return [`${what[problem.kind]} ${problem.message}`]
}

/** What the intake did not keep since the console started, in sentences. */
export function intakeNotes(counts: IntakeCounts): string[] {
  const sentences: readonly (readonly [count: number, sentence: string])[] = [
    [counts.refusedRequests, 'Requests refused because they could not be read'],
    [counts.busyRequests, 'Requests put off because the store could not take them at the time'],
    [counts.refusedSpans, 'Spans refused because they had no usable time'],
    [counts.refusedPoints, 'Metric points refused because they fit no histogram or counter'],
    [counts.cutTexts, 'Texts cut because they were too long'],
    [counts.droppedAttributes, 'Attributes dropped beyond the limit of a span or point'],
  ]
  return sentences
    .filter(([count]) => count > 0)
    .map(([count, sentence]) => `${sentence}: ${count.toLocaleString('en-US')}.`)
}
