import {
  type Budget,
  overruns,
  type Overrun,
  type Request,
  requestsIn,
  unused,
} from '../diagnose/budgets.js'
import { findingsOfRun } from '../diagnose/one-run.js'
import type { CallSite, Finding, FindingKind, Fix, Standing, Trace } from '../model.js'
import { type Entry, entryOf, inOrder } from './entry.js'

/** A finding of a run. */
export interface Checked extends Entry {
  readonly kind: FindingKind
  readonly title: string
  readonly where?: CallSite
  /** Sentences with the figures, the most telling first. */
  readonly evidence: readonly string[]
  readonly fixes: readonly Fix[]
  /** That it was ignored until a day that is over. */
  readonly note?: string
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

/** Judges what a run recorded. Pure, but for the sources that `ignoredBy` may read. */
export function reportOf(
  traces: readonly Trace[],
  baseline: readonly Entry[],
  budgets: readonly Budget[],
  command: CommandEnd,
  notes: readonly string[],
  ignoredBy: (finding: Finding) => Standing | undefined = () => undefined,
): CheckReport {
  const all = findingsOfRun(traces)
  const standings = new Map(all.map(finding => [finding, ignoredBy(finding)]))
  const left = all.filter(finding => standings.get(finding)?.reason !== undefined)
  const judged = all
    .filter(finding => !left.includes(finding))
    .map(finding => checkedOf(finding, standings.get(finding)?.note))
  const found = inOrder(onceEach(judged))
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
    ignored: inOrder(onceEach(left.map(finding => checkedOf(finding)))),
    unseen: inOrder(baseline.filter(({ id }) => !seen.has(id))),
    overBudget: overruns(budgets, requests),
    unusedBudgets: unused(budgets, requests),
    notes,
  }
}

function checkedOf(finding: Finding, note?: string): Checked {
  const { title, where, evidence, fixes } = finding
  return {
    ...entryOf(finding),
    title,
    ...(where === undefined ? {} : { where }),
    evidence: evidence.sentences,
    fixes,
    ...(note === undefined ? {} : { note }),
  }
}

/** The same loop in two services of one run, or behind two ports, is one: the first takes the most. */
function onceEach(found: readonly Checked[]): Checked[] {
  const byId = new Map<string, Checked>()
  for (const one of found) if (!byId.has(one.id)) byId.set(one.id, one)
  return [...byId.values()]
}
