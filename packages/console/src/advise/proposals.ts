import type { Creation } from './advice.js'
import type { Candidate } from './candidate.js'
import type { Chosen } from './choose.js'
import { creationOf, type ServedBy, whyOf } from './creation.js'
import type { Entry } from './entries.js'
import { scansOf } from './reasons.js'
import { settings } from './settings.js'
import type { Trial, WhatIf } from './what-if.js'
import type { Write } from './writes.js'

/** What an index that was chosen brings beside the others. */
export interface Brings {
  /** In the planner's units over the workload, writes paid. */
  readonly saved: number
  /** The part of what all save that is reached with those before it and this one. */
  readonly reached: number | null
  readonly served: readonly ServedBy[]
}

/** The indexes that were chosen, each as `told` tells it. */
export async function creationsOf(
  chosen: readonly Chosen[],
  entries: readonly Entry[],
  trial: Trial,
  told: (index: Candidate, brings: Brings) => Creation,
): Promise<Creation[]> {
  const all = chosen.reduce((sum, { net }) => sum + Math.max(0, net), 0)
  const set = chosen.map(({ index }) => index)
  let sum = 0
  const creations: Creation[] = []
  for (const { index, net } of chosen) {
    sum += Math.max(0, net)
    const served = await servedBy(index, set, entries, trial)
    creations.push(told(index, { saved: net, reached: all === 0 ? null : sum / all, served }))
  }
  return creations
}

/** The statements that are dearer with all of the set but this one, the one that gains the most first. */
async function servedBy(
  index: Candidate,
  set: readonly Candidate[],
  entries: readonly Entry[],
  trial: Trial,
): Promise<ServedBy[]> {
  const rest = set.filter(one => one !== index)
  const served: ServedBy[] = []
  for (const { statement, shown, calls, ms, p50Ms, routes, before } of entries) {
    if (!statement.tables.has(index.table.oid)) continue
    const after = await trial.outcome(statement, set)
    const without = await trial.outcome(statement, rest)
    if (after.used.has(index.id) && after.cost < 0.95 * without.cost)
      served.push({ text: shown, calls, ms, p50Ms, routes, before, after })
  }
  const gain = ({ calls, before, after }: ServedBy): number => calls * (before.cost - after.cost)
  return served.sort((a, b) => gain(b) - gain(a))
}

/** An index that could not be tried, and the statement that it would be for. */
export interface Untried {
  readonly index: Candidate
  readonly entry: Entry
}

/** What could not be tried here, for statements that nothing else has helped. `after` is what each costs now. */
export function untriedOf(
  entries: readonly Entry[],
  whatIf: WhatIf,
  after: readonly number[],
): Untried[] {
  const found: Untried[] = []
  for (const [at, entry] of entries.entries()) {
    if ((after[at] ?? 0) < (1 - settings.least) * entry.before.cost) continue
    // Nothing was tried, so the plan itself must show that few rows are wanted.
    if (!scansOf(entry).some(({ kept }) => kept <= settings.untriedShare)) continue
    const [index] = entry.candidates.filter(one => whatIf.howOf(one) === undefined)
    if (index === undefined || found.some(one => one.index.id === index.id)) continue
    found.push({ index, entry })
  }
  return found
}

/** What proposals are told with. */
interface Proposing {
  readonly writes: readonly Write[]
  /** Names of indexes: those that are given are added. */
  readonly taken: Set<string>
}

export function verified(
  index: Candidate,
  brings: Brings,
  whatIf: WhatIf,
  proposing: Proposing,
): Creation {
  return creationOf(index, {
    verified: whatIf.howOf(index) ?? 'none',
    bytes: whatIf.sizeOf(index),
    ...brings,
    ...proposing,
    why: whyOf(index, brings.served),
    hypothetical: name => name.replace(/^<\d+>/, 'the new '),
  })
}

export function unverified({ index, entry }: Untried, proposing: Proposing): Creation {
  const { shown, calls, routes, before } = entry
  return creationOf(index, {
    verified: 'none',
    bytes: undefined,
    saved: null,
    reached: null,
    served: [
      { text: shown, calls, ms: undefined, p50Ms: undefined, routes, before, after: before },
    ],
    ...proposing,
    why: `Not tried: ${index.method === 'gin' || index.method === 'gist' ? 'hypopg knows no such index' : 'hypopg is not there'}. Name a copy of the database to hotpath index with --copy, and it is.`,
    hypothetical: name => name,
  })
}
