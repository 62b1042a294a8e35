import type { Advice, Verified } from './advice.js'
import type { Choice, Weighed } from './choose.js'
import type { Remarks } from './remarks.js'

interface Counting {
  readonly asked: number
  readonly askedMs: number
}

interface Facts {
  readonly source: string
  /** Of the workload. */
  readonly entries: readonly Weighed[]
  /** These, and what is weighed beside them. */
  readonly all: readonly Weighed[]
  /** What each of all costs with what is advised. */
  readonly after: readonly number[]
  readonly choice: Choice
  readonly remarks: Remarks
  readonly sessions: readonly Counting[]
  readonly plans: number
  readonly verifiedBy: Verified
}

/** What advice says of itself: of which workload it is, what that costs, and what asking was for the database. */
export function figuresOf(facts: Facts): Pick<Advice, 'workload' | 'cost' | 'load'> {
  const { source, entries, all, after, choice, remarks, sessions, plans, verifiedBy } = facts
  const total = (cost: (entry: Weighed, at: number) => number): number =>
    all.reduce((sum, entry, at) => sum + entry.calls * cost(entry, at), 0)
  return {
    workload: {
      source,
      statements: entries.length,
      calls: entries.reduce((sum, { calls }) => sum + calls, 0),
      skipped: remarks.skipped,
    },
    cost: { before: total(({ before }) => before.cost), after: total((_, at) => after[at] ?? 0) },
    load: {
      questions: sessions.reduce((sum, { asked }) => sum + asked, 0),
      plans,
      ms: Math.round(sessions.reduce((sum, { askedMs }) => sum + askedMs, 0)),
      candidates: choice.tried,
      verifiedBy,
    },
  }
}
