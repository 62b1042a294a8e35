import type { Candidate } from './candidate.js'
import type { Outcome, Planned, Trial } from './what-if.js'

export const settings = {
  /** An index that cuts the cost of what it serves by less is not worth its keep. */
  least: 0.25,
  /** Nor is one that saves less than this part of all the workload, */
  share: 0.005,
  /** or than this part of what its statements cost before there was any: the last drops are dear. */
  drops: 0.05,
  /** or than so many units a call (0.1 ms): a look-up by an index is quick enough as it is. */
  perCall: 10,
  /** Of indexes that serve nearly as well the smallest is taken: so much of the best one's gain it must have. */
  near: 0.9,
  /** And what it leaves may be so many times what the best one leaves, */
  left: 2,
  /** or this many units of the planner a call more (half a millisecond at most), but no more than a twentieth of what it was. */
  indifferent: 150,
  /** A workload is served by a few; more are asked for in a second run. */
  most: 20,
  /** Under a budget of disk these are tried, and the best set taken. */
  give: [1, 0.8, 0.4, 0.1],
  /** What cannot be tried is told only where no more than this part of a table is wanted. */
  untriedShare: 0.1,
  /** Trying means making on a copy: then no more than this many. */
  dear: 60,
} as const

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

export interface Choice {
  readonly chosen: readonly Chosen[]
  /** Candidates that some plan would use, but whose writes cost more than they save. */
  readonly refused: readonly (Chosen & { readonly why: 'writes' | 'little' })[]
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
  limits: { readonly most?: number; readonly bytes?: number } = {},
): Promise<Choice> {
  const run = (give?: number): Promise<Choice> =>
    new Choosing(whatIf, workload, priceOf, isOver, limits, give).run()
  let best = await run()
  if (limits.bytes === undefined) return best
  // Within a budget what is large and best may stand in the way of several that are small.
  for (const give of settings.give) {
    const other = await run(give)
    if (netOf(other) > netOf(best)) best = other
  }
  return best
}

const netOf = ({ chosen }: Choice): number => chosen.reduce((sum, { net }) => sum + net, 0)

class Choosing {
  private readonly total: number
  private readonly refused: (Chosen & { why: 'writes' | 'little' })[] = []
  private isCut = false
  /** What an index must save a part of. */
  private atStake: number

  constructor(
    private readonly whatIf: Trial,
    private readonly workload: readonly Weighed[],
    private readonly priceOf: (index: Candidate) => number,
    private readonly isOver: () => boolean,
    private readonly limits: { readonly most?: number; readonly bytes?: number },
    /** Under a budget: the part of the best one's gain for which one that gains more a byte is taken. */
    private readonly give: number | undefined,
  ) {
    this.atStake = this.total = workload.reduce(
      (sum, { calls, before }) => sum + calls * before.cost,
      0,
    )
  }

  async run(): Promise<Choice> {
    const all = this.collect()
    const alone = await this.alone(all)
    let moves: Candidate[][] = [...alone.map(one => [one]), ...(await this.groups())]
    // Once without what is large: plain keys, one by one, by their gain alone.
    if (this.give === 1) moves = alone.filter(isPlain).map(one => [one])
    const chosen: Chosen[] = []
    const most = this.limits.most ?? settings.most
    while (chosen.length < most && !this.out()) {
      const set = chosen.map(({ index }) => index)
      this.atStake = this.stakes(chosen)
      const scored = []
      for (const move of moves) {
        if (this.out()) break
        const added = move.filter(one => !set.includes(one))
        if (added.length === 0 || added.length + set.length > most) continue
        scored.push({ whole: move, move: added, ...(await this.score(set, added)) })
      }
      const best = this.best(scored.filter(one => this.isWorth(one) && this.fits(set, one.move)))
      if (chosen.length === 0)
        for (const one of scored.filter(
          one => !this.isWorth(one) && one.saved > 0.1 * this.costOfServed(one.move),
        ))
          this.refuse(one)
      if (best === undefined) break
      const each = best.net / best.move.length
      for (const index of best.move)
        chosen.push({
          index,
          net: each,
          saved: best.saved / best.move.length,
          price: this.priceOf(index),
        })
      // Gains diminish: what saves next to nothing now saves no more beside others. Sets whose parts need each other are moves of their own.
      const dull = new Set(scored.filter(({ net }) => net < this.least()).map(({ whole }) => whole))
      moves = moves.filter(
        move => !dull.has(move) && !move.every(one => chosen.some(({ index }) => index === one)),
      )
    }
    return {
      chosen: await this.prune(chosen),
      refused: this.refused,
      isCut: this.isCut,
      tried: all.length,
    }
  }

  /** What saves less now is not looked at again; under a budget the bar falls as the rest does. */
  private least(): number {
    return settings.share * (this.limits.bytes === undefined ? 1 : 0.02) * this.atStake
  }

  /** Who gives disk wants it used: there what is left counts, and not what it was. */
  private stakes(chosen: readonly Chosen[]): number {
    const saved = chosen.reduce((sum, one) => sum + one.saved, 0)
    return this.limits.bytes === undefined ? this.total : Math.max(0, this.total - saved)
  }

  /** All candidates once, those of the dearest statements first. */
  private collect(): Candidate[] {
    const byWeight = [...this.workload].sort(
      (a, b) => b.calls * b.before.cost - a.calls * a.before.cost,
    )
    const found = new Map<string, Candidate>()
    for (const { candidates } of byWeight)
      for (const one of candidates) if (this.whatIf.howOf(one) !== undefined) found.set(one.id, one)
    const all = [...found.values()]
    return this.whatIf.isDear ? all.slice(0, settings.dear) : all
  }

  /** Those that alone make some statement cheaper. */
  private async alone(all: readonly Candidate[]): Promise<Candidate[]> {
    const useful: Candidate[] = []
    for (const one of all) {
      if (this.out()) break
      const touched = this.touched([one])
      const outcomes = await this.whatIf.outcomes(
        touched.map(({ statement }) => statement),
        [one],
      )
      if (
        touched.some(({ before }, at) => (outcomes[at]?.cost ?? before.cost) < 0.95 * before.cost)
      )
        useful.push(one)
    }
    return useful
  }

  /** What the planner takes for a statement when it may take any: where that is several, they may need each other. */
  private async groups(): Promise<Candidate[][]> {
    if (this.whatIf.isDear) return []
    const groups = new Map<string, Candidate[]>()
    for (const { statement, candidates, before } of this.workload) {
      if (this.out()) break
      const tried = candidates.filter(one => this.whatIf.howOf(one) !== undefined).slice(0, 60)
      if (tried.length < 2) continue
      const { used, cost } = await this.whatIf.outcome(statement, tried)
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

  private touched(indexes: readonly Candidate[]): Weighed[] {
    return this.workload.filter(({ statement }) =>
      indexes.some(({ table }) => statement.tables.has(table.oid)),
    )
  }

  private async score(set: readonly Candidate[], added: readonly Candidate[]) {
    const touched = this.touched(added)
    const statements = touched.map(({ statement }) => statement)
    const [without, having] = [
      await this.whatIf.outcomes(statements, set),
      await this.whatIf.outcomes(statements, [...set, ...added]),
    ]
    let saved = 0
    let served = 0
    let notable = 0
    let left = 0
    let calls = 0
    for (const [at, one] of touched.entries()) {
      const [a = Number.NaN, b = Number.NaN] = [without[at]?.cost, having[at]?.cost]
      if (!Number.isFinite(a) || !Number.isFinite(b)) continue
      saved += one.calls * (a - b)
      if (b > 0.95 * a) continue
      served += one.calls * a
      if (a - b > settings.least * a && a - b > settings.drops * one.before.cost)
        notable += one.calls * (a - b)
      left += one.calls * b
      calls += one.calls
    }
    const price = added.reduce((sum, one) => sum + this.priceOf(one), 0)
    return { saved, served, notable, left, calls, price, net: saved - price }
  }

  private isWorth({ saved, notable, calls, net }: Omit<Scored, 'move' | 'whole'>): boolean {
    if (this.limits.bytes !== undefined) return net > settings.share * this.atStake
    return (
      net > settings.share * this.atStake &&
      saved > settings.perCall * calls &&
      net > 0.1 * saved &&
      notable > 0.5 * saved
    )
  }

  private fits(set: readonly Candidate[], move: readonly Candidate[]): boolean {
    const { bytes } = this.limits
    if (bytes === undefined) return true
    return [...set, ...move].reduce((sum, one) => sum + (this.whatIf.sizeOf(one) ?? 0), 0) <= bytes
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
      const worth = ({ net, move }: Scored): number => net / (1 + this.bulk(move))
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
    return same.reduce((a, b) => (this.bulk(b.move) < this.bulk(a.move) ? b : a), top)
  }

  /** Bytes, as what is simple weighs less. */
  private bulk(move: readonly Candidate[]): number {
    return move.reduce(
      (sum, one) =>
        sum +
        (this.whatIf.sizeOf(one) ?? 0) *
          (one.where === undefined ? 1 : 1.6) *
          (one.keys.some(({ isDescending, nulls }) => isDescending || nulls !== undefined)
            ? 1.01
            : 1) *
          (one.method === 'btree' || one.method === 'brin' ? 1 : 1.2) *
          (1 + one.keys.length / 20 + one.include.length / 10),
      0,
    )
  }

  /** What each gains beside those before it: what went has left its gain to others. */
  private async anew(kept: readonly Chosen[]): Promise<Chosen[]> {
    const told: Chosen[] = []
    for (const { index } of kept) {
      const set = told.map(one => one.index)
      const { net, saved, price } = await this.score(set, [index])
      told.push({ index, net, saved, price })
    }
    return told
  }

  /** What a later one made useless goes. */
  private async prune(chosen: readonly Chosen[]): Promise<Chosen[]> {
    let kept = [...chosen]
    for (const one of chosen) {
      if (kept.length < 2) break
      const rest = kept.filter(other => other !== one).map(({ index }) => index)
      if (!this.isWorth(await this.score(rest, [one.index])))
        kept = kept.filter(other => other !== one)
    }
    return this.anew(kept)
  }

  private refuse({ move, saved, price, net }: Scored): void {
    const [index] = move
    if (index === undefined || move.length > 1) return
    this.refused.push({ index, saved, price, net, why: price > 0.9 * saved ? 'writes' : 'little' })
  }

  private costOfServed(move: readonly Candidate[]): number {
    return this.touched(move).reduce((sum, { calls, before }) => sum + calls * before.cost, 0)
  }

  private out(): boolean {
    this.isCut ||= this.isOver()
    return this.isCut
  }
}

interface Scored {
  readonly move: readonly Candidate[]
  /** With those of it that are chosen already. */
  readonly whole: readonly Candidate[]
  readonly saved: number
  readonly served: number
  /** Of what is saved, the part of statements that it makes much cheaper. */
  readonly notable: number
  readonly left: number
  readonly calls: number
  readonly price: number
  readonly net: number
}

/**
 * What begins with an equality is not given up for what happens to be as cheap with the values that were tried:
 * read in order and filtered, a rare value is found at the end.
 */
function keepsLead(top: readonly Candidate[], other: readonly Candidate[]): boolean {
  return !top.some(one => one.isLed) || other.every(one => one.isLed || one.method !== 'btree')
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

const isPlain = ({ keys, include, where, method }: Candidate): boolean =>
  method === 'btree' && keys.length <= 2 && include.length === 0 && where === undefined
