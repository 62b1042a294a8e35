import type { Candidate } from './candidate.js'
import type { Choice, Chosen, Refused } from './choose.js'
import type { Moves } from './moves.js'
import type { Score, Scoring } from './scoring.js'
import { settings } from './settings.js'

interface Scored extends Score {
  readonly move: readonly Candidate[]
  /** With those of it that are chosen already. */
  readonly whole: readonly Candidate[]
}

/** One greedy pass: the best, then the best beside it, until none is worth its keep. */
export class Choosing {
  private readonly refused: Refused[] = []
  /** What an index must save a part of. */
  private atStake: number

  constructor(
    private readonly scoring: Scoring,
    private readonly moves: Moves,
    private readonly out: () => boolean,
    /** Under a budget: the part of the best one's gain for which one that gains more a byte is taken. */
    private readonly give: number | undefined,
  ) {
    this.atStake = scoring.total
  }

  async run(): Promise<Pick<Choice, 'chosen' | 'refused'>> {
    const { alone, groups } = this.moves
    let moves: (readonly Candidate[])[] = [...alone.map(one => [one]), ...groups]
    // Once without what is large: plain keys, one by one, by their gain alone.
    if (this.give === 1) moves = alone.filter(isPlain).map(one => [one])
    const chosen: Chosen[] = []
    const { most } = this.scoring
    while (chosen.length < most && !this.out()) {
      const set = chosen.map(({ index }) => index)
      this.atStake = this.stakes(chosen)
      const scored = []
      for (const move of moves) {
        if (this.out()) break
        const added = move.filter(one => !set.includes(one))
        if (added.length === 0 || added.length + set.length > most) continue
        scored.push({ whole: move, move: added, ...(await this.scoring.score(set, added)) })
      }
      const best = this.best(
        scored.filter(one => this.isWorth(one) && this.scoring.fits(set, one.move)),
      )
      if (chosen.length === 0)
        for (const one of scored.filter(
          one => !this.isWorth(one) && one.saved > 0.1 * this.scoring.costOfServed(one.move),
        ))
          this.refuse(one)
      if (best === undefined) break
      const each = best.net / best.move.length
      for (const index of best.move)
        chosen.push({
          index,
          net: each,
          saved: best.saved / best.move.length,
          price: this.scoring.priceOf(index),
        })
      // Gains diminish: what saves next to nothing now saves no more beside others. Sets whose parts need each other are moves of their own.
      const dull = new Set(scored.filter(({ net }) => net < this.least()).map(({ whole }) => whole))
      moves = moves.filter(
        move => !dull.has(move) && !move.every(one => chosen.some(({ index }) => index === one)),
      )
    }
    return { chosen: await this.prune(chosen), refused: this.refused }
  }

  /** What saves less now is not looked at again; under a budget the bar falls as the rest does. */
  private least(): number {
    return settings.share * (this.scoring.limits.bytes === undefined ? 1 : 0.02) * this.atStake
  }

  /** Who gives disk wants it used: there what is left counts, and not what it was. */
  private stakes(chosen: readonly Chosen[]): number {
    const saved = chosen.reduce((sum, one) => sum + one.saved, 0)
    return this.scoring.limits.bytes === undefined
      ? this.scoring.total
      : Math.max(0, this.scoring.total - saved)
  }

  private isWorth({ saved, notable, calls, net }: Score): boolean {
    if (this.scoring.limits.bytes !== undefined) return net > settings.share * this.atStake
    return (
      net > settings.share * this.atStake &&
      saved > settings.perCall * calls &&
      net > 0.1 * saved &&
      notable > 0.5 * saved
    )
  }

  /** The one with the greatest gain, or a smaller one that is as good. */
  private best(scored: readonly Scored[]): Scored | undefined {
    const top = scored.reduce<Scored | undefined>(
      (a, b) => (a === undefined || b.net > a.net ? b : a),
      undefined,
    )
    if (top === undefined) return undefined
    const { give } = this
    if (give !== undefined) {
      const worth = ({ net, move }: Scored): number => net / (1 + this.scoring.bulk(move))
      return scored
        .filter(({ net }) => net >= give * top.net)
        .reduce((a, b) => (worth(b) > worth(a) ? b : a), top)
    }
    const same = scored.filter(
      one =>
        one.net >= settings.near * top.net &&
        keepsLead(top.move, one.move) &&
        // It must serve as much, not another statement as well.
        one.served >= settings.near * top.served &&
        one.left <=
          Math.max(
            settings.left * top.left,
            top.left + Math.min(settings.indifferent * top.calls, 0.05 * top.served),
          ),
    )
    return same.reduce(
      (a, b) => (this.scoring.bulk(b.move) < this.scoring.bulk(a.move) ? b : a),
      top,
    )
  }

  /** What a later one made useless goes. */
  private async prune(chosen: readonly Chosen[]): Promise<Chosen[]> {
    let kept = [...chosen]
    for (const one of chosen) {
      if (kept.length < 2) break
      const rest = kept.filter(other => other !== one).map(({ index }) => index)
      if (!this.isWorth(await this.scoring.score(rest, [one.index])))
        kept = kept.filter(other => other !== one)
    }
    return this.scoring.anew(kept.map(({ index }) => index))
  }

  private refuse({ move, saved, price, net }: Scored): void {
    const [index] = move
    if (index === undefined || move.length > 1) return
    this.refused.push({ index, saved, price, net, why: price > 0.9 * saved ? 'writes' : 'little' })
  }
}

/**
 * What begins with an equality is not given up for what happens to be as cheap with the values that were tried:
 * read in order and filtered, a rare value is found at the end.
 */
function keepsLead(top: readonly Candidate[], other: readonly Candidate[]): boolean {
  return !top.some(one => one.isLed) || other.every(one => one.isLed || one.method !== 'btree')
}

const isPlain = ({ keys, include, where, method }: Candidate): boolean =>
  method === 'btree' && keys.length <= 2 && include.length === 0 && where === undefined
