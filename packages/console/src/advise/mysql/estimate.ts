import type { Candidate } from '../candidate.js'
import type { Column } from '../catalog.js'
import { equalShare } from '../catalog.js'
import type { Outcome, Planned, Trial } from '../what-if.js'
import type { Conditions, Use } from '../uses.js'
import { type Explained, explained, failed, keyOf, outcomeOf, wholeOf } from './explain.js'
import { type Access, planOf, readCost, sortCost } from './plan.js'
import type { Session } from './session.js'
import { estimatedBytes } from './trial.js'

/** Of a range whose bounds nobody knows. */
const rangeShare = 0.1
/** Of the words of a text. */
const wordsShare = 0.01

/**
 * Estimates what indexes would do, where none may be made: the plan as it is, with each table that is read whole come
 * at by the best index of a set instead, by how many values its columns have. It is a guess, and told as one.
 */
export class Estimate implements Trial {
  private readonly base = new Map<string, Explained[]>()
  private readonly known = new Map<string, Outcome>()
  readonly isDear = false
  plans = 0
  lastError: unknown

  constructor(private readonly session: Session) {}

  howOf(): 'none' {
    return 'none'
  }

  sizeOf(one: Candidate): number {
    return estimatedBytes(one)
  }

  async outcomes(
    statements: readonly Planned[],
    indexes: readonly Candidate[],
  ): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const one of statements) outcomes.push(await this.outcome(one, indexes))
    return outcomes
  }

  async outcome(statement: Planned, indexes: readonly Candidate[]): Promise<Outcome> {
    const key = keyOf(statement, indexes)
    const known = this.known.get(key)
    if (known !== undefined) return known
    const base = await this.plansOf(statement)
    const outcome = base.length === 0 ? failed : estimated(statement, base, indexes)
    this.known.set(key, outcome)
    return outcome
  }

  private async plansOf(statement: Planned): Promise<Explained[]> {
    const { text, samples } = statement
    const known = this.base.get(text)
    if (known !== undefined) return known
    const all: Explained[] = []
    try {
      for (const values of samples) {
        this.plans++
        all.push(await explained(this.session, statement, values, 'plan'))
      }
    } catch (error) {
      if (this.session.isLost) throw error
      this.lastError = error
      all.length = 0
      const whole = wholeOf(statement, error)
      if (whole !== undefined) all.push(whole)
    }
    this.base.set(text, all)
    return all
  }
}

function estimated(
  { reading, tables }: Planned,
  base: readonly Explained[],
  indexes: readonly Candidate[],
): Outcome {
  const outcome = outcomeOf(base, () => undefined)
  const [first] = base
  const touched = indexes.filter(({ table }) => tables.has(table.oid))
  if (first === undefined || touched.length === 0) return outcome
  const used = new Set<string>()
  let cost = outcome.cost
  const accesses = [...first.read.accesses]
  for (const use of reading.uses) {
    const at = accesses.findIndex(
      ({ access, alias, rows }) =>
        !alias.startsWith('<') && (access === 'ALL' || access === 'index') && near(rows, use),
    )
    const access = accesses[at]
    if (access === undefined) continue
    let best: Guess | undefined
    for (const index of touched) {
      if (index.table.oid !== use.table.oid) continue
      const guess = guessed(index, use, access, first.read.sorts)
      if (guess !== undefined && (best === undefined || guess.saved > best.saved)) best = guess
    }
    if (best === undefined || best.saved <= 0) continue
    cost -= best.saved
    used.add(best.index.id)
    accesses[at] = best.access
  }
  const read = { cost: Math.max(0.1, cost), accesses, sorts: first.read.sorts }
  return used.size === 0 ? outcome : { cost: read.cost, plan: planOf(read), used }
}

/** The access of a plan is of this mention of a table: it knows it by an alias, and we by its rows. */
const near = (rows: number, { table }: Use): boolean => table.rows > 0 && rows >= 0.5 * table.rows

interface Guess {
  readonly index: Candidate
  readonly saved: number
  readonly access: Access
}

function guessed(
  index: Candidate,
  use: Use,
  access: Access,
  sorts: readonly number[],
): Guess | undefined {
  const isInner = access.loops > 1
  const options = [use.always, ...use.arms.map(arm => both(use.always, arm))]
  const share = Math.max(
    ...options.map(one => matched(index, use, one, isInner) ?? Number.POSITIVE_INFINITY),
  )
  const order = ordersBy(index, use)
  const isSortSaved = order && sorts.length > 0 && access.loops === 1
  if (!Number.isFinite(share) && !isSortSaved) return undefined
  const all = use.table.rows
  const part = Number.isFinite(share) ? share : 1
  const rest = options.length === 1 ? shareOfRest(index, use) : 1
  const found = all * part
  const rows = isSortSaved && use.isLimited ? Math.min(found, 20 / Math.max(rest, 1e-6)) : found
  const isCovering = covers(index, use)
  const cost = readCost(access.loops, access.loops * rows, isCovering ? 'covering' : 'behind')
  const sorted = isSortSaved ? sorts.reduce((sum, one) => sum + sortCost(one), 0) : 0
  return {
    index,
    saved: access.cost + sorted - cost,
    access: {
      ...access,
      key: `the new index ${index.tail}`,
      access: Number.isFinite(share) ? 'ref' : 'index',
      isCovering,
      rows: access.loops * rows,
      cost,
    },
  }
}

const both = (a: Conditions, b: Conditions): Conditions => ({
  equal: [...a.equal, ...b.equal],
  joined: [...a.joined, ...b.joined],
  range: [...a.range, ...b.range],
  filters: [],
  special: [...a.special, ...b.special],
})

/** The part of the rows that the index finds; undefined where it finds none. */
function matched(
  { method, keys }: Candidate,
  { table }: Use,
  { equal, joined, range, special }: Conditions,
  isInner: boolean,
): number | undefined {
  if (method === 'fulltext')
    return special.some(({ term }) => term.sql === keys[0]?.term.sql) ? wordsShare : undefined
  const same = new Set([...equal, ...(isInner ? joined : [])].map(({ sql }) => sql))
  const between = new Set(range.map(({ sql }) => sql))
  let share: number | undefined
  for (const { term } of keys) {
    const column = term.column === undefined ? undefined : table.columns.get(term.column)
    if (same.has(term.sql)) share = (share ?? 1) * shareOf(column)
    else return between.has(term.sql) ? (share ?? 1) * rangeShare : share
  }
  return share
}

const shareOf = (column: Column | undefined): number => Math.max(1e-9, equalShare(column))

/** What the conditions leave that the index does not look at. */
function shareOfRest({ keys }: Candidate, { table, always }: Use): number {
  const own = new Set(keys.map(({ term }) => term.sql))
  return [...always.equal, ...always.range]
    .filter(({ sql }) => !own.has(sql))
    .reduce(
      (share, { column }) =>
        share * (column === undefined ? 1 : Math.max(0.001, shareOf(table.columns.get(column)))),
      1,
    )
}

/** Behind what is compared for equality its keys go on as the statement sorts. */
function ordersBy({ keys, method }: Candidate, { always, sorts, groups }: Use): boolean {
  if (method !== 'btree') return false
  const same = new Set(always.equal.map(({ sql }) => sql))
  const rest = keys.filter(({ term }) => !same.has(term.sql))
  return [...sorts.map(keys => keys.map(({ term }) => term)), ...groups].some(
    wanted => wanted.length > 0 && wanted.every((term, at) => rest[at]?.term.sql === term.sql),
  )
}

function covers({ table, keys, include }: Candidate, use: Use): boolean {
  if (use.needsAll || use.isWritten) return false
  const has = new Set([
    ...keys.flatMap(({ term }) => (term.sql.endsWith(')') ? [] : (term.column ?? []))),
    ...include,
    ...(table.indexes.find(({ isPrimary }) => isPrimary)?.keys ?? []),
  ])
  return [...use.needed].every(name => has.has(name))
}
