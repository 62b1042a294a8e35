import {
  type Budget,
  overruns,
  type Overrun,
  type Request,
  requestsIn,
  unused,
} from '../diagnose/budgets.js'
import { findingsOfRun } from '../diagnose/one-run.js'
import type { CallSite, Finding, FindingKind, Fix, Trace } from '../model.js'
import { type Entry, entryOf, inOrder } from './entry.js'

/** A finding of a run. */
export interface Checked extends Entry {
  readonly kind: FindingKind
  readonly title: string
  readonly where?: CallSite
  /** Sentences with the figures, the most telling first. */
  readonly evidence: readonly string[]
  readonly fixes: readonly Fix[]
}

/** How the command ended: one of both is null. */
export interface CommandEnd {
  readonly code: number | null
  readonly signal: string | null
}

/** What `hotpath check --json` prints. */
export interface CheckReport {
  readonly command: CommandEnd
  readonly requests: number
  readonly routes: number
  /** Statements of requests that went to the database. */
  readonly statements: number
  /** Findings that the baseline lacks. */
  readonly new: readonly Checked[]
  /** Those that it has. */
  readonly known: readonly Checked[]
  /** Those that a comment at their place or the console's config ignores. */
  readonly ignored: readonly Checked[]
  /** What it has and this run did not show: mended, or not tested. */
  readonly unseen: readonly Entry[]
  readonly overBudget: readonly Overrun[]
  /** Routes with a budget that no request was of. */
  readonly unusedBudgets: readonly string[]
  /** What did not arrive or was not looked at, in sentences for people. */
  readonly notes: readonly string[]
}

/** Judges what a run recorded. Pure, but for the sources that `isIgnored` may read. */
export function reportOf(
  traces: readonly Trace[],
  baseline: readonly Entry[],
  budgets: readonly Budget[],
  command: CommandEnd,
  notes: readonly string[],
  isIgnored: (finding: Finding) => boolean = () => false,
): CheckReport {
  const all = findingsOfRun(traces)
  const left = new Set(all.filter(isIgnored))
  const found = inOrder(onceEach(all.filter(one => !left.has(one)).map(checkedOf)))
  const known = new Set(baseline.map(({ id }) => id))
  const seen = new Set(found.map(({ id }) => id))
  const requests = requestsIn(traces)
  return {
    command,
    requests: requests.length,
    routes: new Set(requests.map(({ route }) => route)).size,
    statements: requests.reduce((sum, { statements }: Request) => sum + statements, 0),
    new: found.filter(({ id }) => !known.has(id)),
    known: found.filter(({ id }) => known.has(id)),
    ignored: inOrder(onceEach([...left].map(checkedOf))),
    unseen: inOrder(baseline.filter(({ id }) => !seen.has(id))),
    overBudget: overruns(budgets, requests),
    unusedBudgets: unused(budgets, requests),
    notes,
  }
}

function checkedOf(finding: Finding): Checked {
  const { title, where, evidence, fixes } = finding
  return {
    ...entryOf(finding),
    title,
    ...(where === undefined ? {} : { where }),
    evidence: evidence.sentences,
    fixes,
  }
}

/** The same loop in two services of one run, or behind two ports, is one: the first takes the most. */
function onceEach(found: readonly Checked[]): Checked[] {
  const byId = new Map<string, Checked>()
  for (const one of found) if (!byId.has(one.id)) byId.set(one.id, one)
  return [...byId.values()]
}
