import { counted, count, duration, percent } from '../diagnose/figures.js'
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
): string {
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

function ofFinding({ kind, calls, order, takenNs }: Occurrence, durationNs: number): string {
  const part = percent(Math.min(1, takenNs / Math.max(1, durationNs)))
  if (kind === 'n-plus-one')
    return `${part} is one loop: ${count(calls.length)} queries, ${order === 'sequential' ? 'one after another' : 'several at a time'}.`
  if (kind === 'repeated-statement')
    return `${part} is the same query, asked ${count(calls.length)} times.`
  if (kind === 'starved-pool')
    return `${part} is waiting for a connection: ${duration(takenNs / 1e6)}.`
  return `${part} is one slow query: ${duration(takenNs / 1e6)}.`
}
