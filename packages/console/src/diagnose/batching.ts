import { type CounterPoint, type Finding, routeOf } from '../model.js'
import { counted, duration } from './figures.js'

/** What the recorder's shadow mode counted, by service and route. */
interface Tried {
  savedMs: number
  batches: number
  differences: number
}

/**
 * Adds to each loop of queries what batching would have saved on its route, where shadow mode tried it:
 * the counters `hotpath.batch.shadow.*`.
 */
export function withBatching(
  findings: readonly Finding[],
  counters: readonly CounterPoint[],
): Finding[] {
  const tried = new Map<string, Tried>()
  for (const point of counters) {
    if (!point.name.startsWith('hotpath.batch.shadow.')) continue
    const key = `${point.service}\u0000${routeOf(point.attributes)}`
    const sums = tried.get(key) ?? { savedMs: 0, batches: 0, differences: 0 }
    tried.set(key, sums)
    if (point.name.endsWith('.gain_us')) sums.savedMs += point.value / 1e3
    else if (point.name.endsWith('.batches')) sums.batches += point.value
    else if (point.name.endsWith('.differences')) sums.differences += point.value
  }
  return findings.map(finding => {
    const sums = tried.get(`${finding.service}\u0000${finding.route}`)
    if (finding.kind !== 'n-plus-one' || sums === undefined || sums.batches === 0) return finding
    const sentences = [...finding.evidence.sentences, sentence(sums)]
    return { ...finding, evidence: { ...finding.evidence, sentences } }
  })
}

function sentence({ savedMs, batches, differences }: Tried): string {
  const differed =
    differences === 0 ? 'no answer differed' : `${counted(differences, 'answer')} differed`
  return `In shadow mode batching would have saved ${duration(savedMs)} of waiting by ${counted(batches, 'batch', 'batches')} that were tried; ${differed}.`
}
