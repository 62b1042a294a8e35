import type { Candidate } from './candidate.js'
import type { Weighed } from './choose.js'
import { touchedBy } from './scoring.js'
import { settings } from './settings.js'
import type { Trial } from './what-if.js'

/** What there is to choose from. */
export interface Moves {
  /** Those that alone make some statement cheaper. */
  readonly alone: readonly Candidate[]
  /** Those that the planner takes together. */
  readonly groups: readonly (readonly Candidate[])[]
  /** Candidates that were looked at. */
  readonly tried: number
}

export async function movesOf(
  whatIf: Trial,
  workload: readonly Weighed[],
  out: () => boolean,
): Promise<Moves> {
  const all = collect(whatIf, workload)
  const alone = await useful(whatIf, workload, all, out)
  return { alone, groups: await groupsOf(whatIf, workload, out), tried: all.length }
}

/** All candidates once, those of the dearest statements first. */
function collect(whatIf: Trial, workload: readonly Weighed[]): Candidate[] {
  const byWeight = [...workload].sort((a, b) => b.calls * b.before.cost - a.calls * a.before.cost)
  const found = new Map<string, Candidate>()
  for (const { candidates } of byWeight)
    for (const one of candidates) if (whatIf.howOf(one) !== undefined) found.set(one.id, one)
  const all = [...found.values()]
  return whatIf.isDear ? all.slice(0, settings.dear) : all
}

/** Those that alone make some statement cheaper. */
async function useful(
  whatIf: Trial,
  workload: readonly Weighed[],
  all: readonly Candidate[],
  out: () => boolean,
): Promise<Candidate[]> {
  const found: Candidate[] = []
  for (const one of all) {
    if (out()) break
    const touched = touchedBy(workload, [one])
    const outcomes = await whatIf.outcomes(
      touched.map(({ statement }) => statement),
      [one],
    )
    if (touched.some(({ before }, at) => (outcomes[at]?.cost ?? before.cost) < 0.95 * before.cost))
      found.push(one)
  }
  return found
}

/** What the planner takes for a statement when it may take any: where that is several, they may need each other. */
async function groupsOf(
  whatIf: Trial,
  workload: readonly Weighed[],
  out: () => boolean,
): Promise<Candidate[][]> {
  if (whatIf.isDear) return []
  const groups = new Map<string, Candidate[]>()
  for (const { statement, candidates, before } of workload) {
    if (out()) break
    const tried = candidates.filter(one => whatIf.howOf(one) !== undefined).slice(0, 60)
    if (tried.length < 2) continue
    const { used, cost } = await whatIf.outcome(statement, tried)
    const group = tried.filter(({ id }) => used.has(id))
    if (group.length < 2 || group.length > 4 || !(cost < 0.9 * before.cost)) continue
    groups.set(
      group
        .map(({ id }) => id)
        .sort()
        .join(),
      group,
    )
    // Columns carried along, and keys behind the first, are seldom what it needs.
    for (const isLess of [isBareOf, isBeginOf]) {
      const less = group.map(one => candidates.find(other => isLess(other, one)) ?? one)
      groups.set(
        less
          .map(({ id }) => id)
          .sort()
          .join(),
        less,
      )
    }
  }
  return [...groups.values()]
}

const isBareOf = (other: Candidate, one: Candidate): boolean =>
  one.include.length > 0 &&
  other.include.length === 0 &&
  other.table.oid === one.table.oid &&
  other.where === one.where &&
  other.method === one.method &&
  JSON.stringify(other.keys) === JSON.stringify(one.keys)

/** Of its first key alone. */
const isBeginOf = (other: Candidate, one: Candidate): boolean =>
  other.keys.length === 1 &&
  other.include.length === 0 &&
  other.where === undefined &&
  other.table.oid === one.table.oid &&
  other.method === one.method &&
  JSON.stringify(other.keys[0]) === JSON.stringify(one.keys[0])
