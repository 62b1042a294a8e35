import { detectorOf } from '../diagnose/detectors.js'
import { counted, duration, percent } from '../diagnose/figures.js'
import type { Finding } from '../model.js'
import type { Occurrence } from '../diagnose/occurrence.js'
import type { TraceRowSpan } from './answers.js'

/** Above this part a row is where the time went; below, it went here and there. */
const telling = 0.25

/** One sentence: where the time of a trace went, from its findings, else from its critical path. */
export function verdictOf(
  rows: readonly TraceRowSpan[],
  durationNs: number,
  shown: readonly { readonly finding: Finding; readonly occurrence: Occurrence }[],
  fromCache = false,
): string {
  if (fromCache) return 'The answer came from the cache: no code of the app ran.'
  const [main] = [...shown].sort((a, b) => b.occurrence.takenNs - a.occurrence.takenNs)
  if (main) return ofFinding(main.occurrence, durationNs)
  const [first] = [...rows].sort((a, b) => b.criticalNs - a.criticalNs)
  if (!first || durationNs === 0) return 'Nothing in it took any time.'
  const part = first.criticalNs / durationNs
  if (part < telling) return `No part took more than ${percent(part)} of it.`
  const what =
    first.category === 'code'
      ? `${first.service}'s own time in ${first.name} (its code, or a wait that no span shows)`
      : first.category === 'waiting'
        ? `spent on ${first.name}`
        : first.name
  const times = first.folded ? `, ${counted(first.folded.count, 'call')}` : ''
  return `${percent(part)} is ${what}${times}: ${duration(first.criticalNs / 1e6)}.`
}

function ofFinding(occurrence: Occurrence, durationNs: number): string {
  const part = percent(Math.min(1, occurrence.takenNs / Math.max(1, durationNs)))
  return `${part} is ${detectorOf(occurrence.kind).inShort(occurrence)}.`
}
