import type { Evidence } from '../model.js'
import type { Detector, Occurrence, Weighed } from './occurrence.js'
import { shownBy } from './sentences.js'
import { median } from './timing.js'

/** So many spans of one trace are named; the trace has the others. */
const namedSpans = 20
const namedTraces = 3

/** A finding's title and evidence, from the requests that show it. */
export function describeOccurrences(
  detector: Detector,
  { occurrences, sampled, courses }: Weighed,
): { readonly title: string; readonly evidence: Evidence } {
  const calls = Math.round(median(occurrences.map(occurrence => occurrence.calls.length)))
  const told = [...occurrences].sort((a, b) => b.takenNs - a.takenNs)
  const typical = told[told.length >> 1]
  if (!typical) throw new Error('nothing to describe')
  const [title, sentences] = detector.describe({ occurrences, typical, calls, courses })
  return {
    title,
    evidence: {
      requests: occurrences.length,
      of: sampled.length,
      sentences: [...sentences, shownBy(occurrences.length, sampled.length)],
      traces: [typical, ...told.filter((one: Occurrence) => one.traceId !== typical.traceId)]
        .slice(0, namedTraces)
        .map(occurrence => ({
          traceId: occurrence.traceId,
          spanIds: occurrence.calls.slice(0, namedSpans).map(call => call.spanId),
          durationMs: occurrence.request.durationNs / 1e6,
        })),
      calls,
    },
  }
}
