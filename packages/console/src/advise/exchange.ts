import type { Candidate } from './candidate.js'
import type { Chosen } from './choose.js'
import type { Moves } from './moves.js'
import type { Scoring } from './scoring.js'
import { settings } from './settings.js'

/** Rounds over all places: the second seldom finds anything, a third hardly ever. */
const mostRounds = 3

/**
 * What was taken first was the best alone, and may not be the best beside what came later: each index is put up
 * against every candidate, all others kept, and the room that is left is filled, until nothing gains any more. Judged
 * by the planner's total of the workload alone, so it is for a budget, where that is what is asked for.
 */
export async function exchanged(
  scoring: Scoring,
  chosen: readonly Chosen[],
  { alone, groups }: Moves,
  out: () => boolean,
): Promise<Chosen[]> {
  const candidates = [...new Map([...alone, ...groups.flat()].map(one => [one.id, one])).values()]
  let set = chosen.map(({ index }) => index)
  for (let round = 0; round < mostRounds; round++) {
    const before = set
    for (const index of before) {
      const rest = set.filter(one => one !== index)
      const { net } = await scoring.score(rest, [index])
      const better = await bestBeside(scoring, rest, candidates, net * settings.better, out)
      if (better !== undefined) set = [...rest, better]
    }
    while (set.length < scoring.most) {
      const more = await bestBeside(scoring, set, candidates, await least(scoring, set), out)
      if (more === undefined) break
      set = [...set, more]
    }
    if (set === before) break
  }
  return scoring.anew(set)
}

/** What one more must save: a part of what the workload costs with those that are there. */
async function least(scoring: Scoring, set: readonly Candidate[]): Promise<number> {
  const { saved } = await scoring.score([], set)
  return settings.share * Math.max(0, scoring.total - saved)
}

/** The candidate that gains the most beside these, and more than `least`. */
async function bestBeside(
  scoring: Scoring,
  set: readonly Candidate[],
  candidates: readonly Candidate[],
  least: number,
  out: () => boolean,
): Promise<Candidate | undefined> {
  let best: Candidate | undefined
  let most = least
  for (const one of candidates) {
    if (out()) return undefined
    if (set.includes(one) || !scoring.fits(set, [one])) continue
    // Gains diminish: what gains less alone gains no more beside others.
    const alone = await scoring.score([], [one])
    if (alone.net <= most) continue
    const { net } = await scoring.score(set, [one])
    if (net > most) [best, most] = [one, net]
  }
  return best
}
