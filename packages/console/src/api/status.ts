import type { IntakeCounts } from '../intake/intake.js'
import type { StoreStatus } from '../store/store.js'

/** The answer of `GET /api/status`. */
export interface StatusAnswer {
  readonly name: 'hotpath-console'
  readonly version: string
  readonly pid: number
  readonly startedMs: number
  readonly store: StoreStatus & { readonly maxAgeMs: number; readonly maxBytes: number }
  readonly intake: IntakeCounts
  /** What was not kept or did not arrive, in sentences for people; empty when all is well. */
  readonly notes: readonly string[]
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
