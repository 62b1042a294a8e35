import type { Candidate } from './candidate.js'
import type { Chosen, Weighed } from './choose.js'
import { settings } from './settings.js'
import type { Trial } from './what-if.js'

export interface Limits {
  /** Indexes. */
  readonly most?: number
  /** That they may take together. */
  readonly bytes?: number
}

/** What indexes do to the whole workload, beside others. */
export interface Score {
  readonly saved: number
  readonly served: number
  /** Of what is saved, the part of statements that it makes much cheaper. */
  readonly notable: number
  readonly left: number
  readonly calls: number
  readonly price: number
  readonly net: number
}

export class Scoring {
  /** Of the workload as it is. */
  readonly total: number

  constructor(
    private readonly whatIf: Trial,
    private readonly workload: readonly Weighed[],
    readonly priceOf: (index: Candidate) => number,
    readonly limits: Limits,
  ) {
    this.total = workload.reduce((sum, { calls, before }) => sum + calls * before.cost, 0)
  }

  get most(): number {
    return this.limits.most ?? settings.most
  }

  async score(set: readonly Candidate[], added: readonly Candidate[]): Promise<Score> {
    const touched = touchedBy(this.workload, added)
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

  fits(set: readonly Candidate[], more: readonly Candidate[]): boolean {
    const { bytes } = this.limits
    if (bytes === undefined) return true
    return [...set, ...more].reduce((sum, one) => sum + (this.whatIf.sizeOf(one) ?? 0), 0) <= bytes
  }

  /** Bytes, as what is simple weighs less. */
  bulk(move: readonly Candidate[]): number {
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
  async anew(set: readonly Candidate[]): Promise<Chosen[]> {
    const told: Chosen[] = []
    for (const index of set) {
      const before = told.map(one => one.index)
      const { net, saved, price } = await this.score(before, [index])
      told.push({ index, net, saved, price })
    }
    return told
  }

  costOfServed(indexes: readonly Candidate[]): number {
    return touchedBy(this.workload, indexes).reduce(
      (sum, { calls, before }) => sum + calls * before.cost,
      0,
    )
  }
}

/** Statements that read of the tables of these. */
export function touchedBy(workload: readonly Weighed[], indexes: readonly Candidate[]): Weighed[] {
  return workload.filter(({ statement }) =>
    indexes.some(({ table }) => statement.tables.has(table.oid)),
  )
}
