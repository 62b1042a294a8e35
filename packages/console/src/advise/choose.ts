import type { Candidate } from './candidate.js'
import { Choosing } from './choosing.js'
import { exchanged } from './exchange.js'
import { movesOf } from './moves.js'
import { type Limits, Scoring } from './scoring.js'
import { settings } from './settings.js'
import type { Outcome, Planned, Trial } from './what-if.js'

/** A statement of the workload in numbers. */
export interface Weighed {
  readonly statement: Planned
  readonly calls: number
  readonly before: Outcome
  readonly candidates: readonly Candidate[]
}

export interface Chosen {
  readonly index: Candidate
  /** In the planner's units over the workload, writes paid; with those chosen before it. */
  readonly net: number
  readonly saved: number
  readonly price: number
}

/** One that some plan would use, but whose writes cost more than it saves, or that saves little. */
export interface Refused extends Chosen {
  readonly why: 'writes' | 'little'
}

export interface Choice {
  readonly chosen: readonly Chosen[]
  readonly refused: readonly Refused[]
  /** There was no time for all. */
  readonly isCut: boolean
  readonly tried: number
}

/**
 * Chooses for the whole workload, one after another, what saves the most: calls by cost, less what writes pay.
 * Indexes that serve a statement only together are looked at together. Greedy: no worse than 63 % of the best set
 * where gains only diminish, and in practice near it.
 */
export async function choose(
  whatIf: Trial,
  workload: readonly Weighed[],
  priceOf: (index: Candidate) => number,
  isOver: () => boolean,
  limits: Limits = {},
): Promise<Choice> {
  let isCut = false
  const out = (): boolean => (isCut ||= isOver())
  const scoring = new Scoring(whatIf, workload, priceOf, limits)
  const moves = await movesOf(whatIf, workload, out)
  const run = (give?: number) => new Choosing(scoring, moves, out, give).run()
  const first = await run()
  let best = first
  if (limits.bytes !== undefined) {
    // Within a budget what is large and best may stand in the way of several that are small: each pass is another start.
    const starts = [first]
    for (const give of settings.give) starts.push(await run(give))
    for (const start of starts.toSorted((a, b) => netOf(b.chosen) - netOf(a.chosen))) {
      const chosen = await exchanged(scoring, start.chosen, moves, out)
      if (netOf(chosen) > netOf(best.chosen)) best = { ...start, chosen }
    }
  }
  return { ...best, isCut, tried: moves.tried }
}

const netOf = (chosen: readonly Chosen[]): number => chosen.reduce((sum, { net }) => sum + net, 0)
