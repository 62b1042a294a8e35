import type { Outcome, Planned } from '../what-if.js'
import { limitIn } from './clauses.js'
import { shapeOf } from './reasons.js'
import { planOf, type Read, readCost, readPlan } from './plan.js'
import { codeOf, type Session } from './session.js'
import { filled, readPart } from './text.js'

/** What one list of sample values is planned as. */
export interface Explained {
  readonly read: Read
  /** Names of the indexes in it. */
  readonly keys: ReadonlySet<string>
}

const verbs = { plan: 'explain format=json', run: 'analyze format=json' } as const

/**
 * Asks for the plan of a statement with these values: `plan` runs nothing, `run` is of MariaDB and runs a SELECT, in a
 * transaction that reads only. Throws what the server says.
 */
export async function explained(
  session: Session,
  { text, parsed }: Planned,
  values: readonly string[],
  how: keyof typeof verbs,
): Promise<Explained> {
  const part = readPart(filled(text, values), parsed.kind)
  if (part === undefined) return nothing
  if (how === 'run') await session.rows('start transaction read only')
  try {
    const [row] = await session.rows(`${verbs[how]} ${part}`)
    const plan = Object.values(row ?? {})[0]
    const enough = shapeOf(parsed.tree).hasAggregates ? undefined : limitIn(parsed.tree)
    const read = readPlan(typeof plan === 'string' ? JSON.parse(plan) : plan, enough)
    return { read, keys: new Set(read.accesses.flatMap(({ key }) => keysOf(key))) }
  } finally {
    if (how === 'run' && !session.isLost) await session.rows('rollback')
  }
}

/** An index merge names several. */
const keysOf = (key: string | undefined): string[] =>
  key === undefined ? [] : key.split(/[(),\s]+/).filter(part => part !== '')

/** Of several lists of values: the average cost, and the plan of the first. */
export function outcomeOf(
  all: readonly Explained[],
  idOf: (key: string) => string | undefined,
): Outcome {
  const [first] = all
  if (first === undefined) return failed
  return {
    cost: all.reduce((sum, { read }) => sum + read.cost, 0) / all.length,
    plan: planOf(first.read),
    used: new Set(all.flatMap(({ keys }) => [...keys].flatMap(key => idOf(key) ?? []))),
  }
}

/** Rows that are put in are looked for nowhere. */
const nothing: Explained = { read: { cost: 1, accesses: [], sorts: [] }, keys: new Set() }

/**
 * What stands for the plan of a statement that the server refuses for want of a FULLTEXT index: its tables read
 * whole, as LIKE would read them. Undefined where that is not why.
 */
export function wholeOf({ reading }: Planned, error: unknown): Explained | undefined {
  if (codeOf(error) !== 'ER_FT_MATCHING_KEY_NOT_FOUND') return undefined
  const accesses = reading.uses.map(({ table: { name, rows } }) => {
    const cost = readCost(1, Math.max(0, rows), 'whole')
    return {
      alias: name,
      key: undefined,
      access: 'ALL',
      isCovering: false,
      loops: 1,
      rows,
      kept: rows / 100,
      cost,
    }
  })
  const cost = accesses.reduce((sum, one) => sum + one.cost, 0)
  return { read: { cost, accesses, sorts: [] }, keys: new Set() }
}

export const failed: Outcome = {
  cost: Number.NaN,
  plan: { cost: Number.NaN, root: { 'Node Type': 'nothing' } },
  used: new Set(),
}

/** An index of another table changes nothing. */
export function keyOf(
  { text, tables }: Planned,
  indexes: readonly { readonly id: string; readonly table: { readonly oid: number } }[],
): string {
  const ids = indexes.filter(({ table }) => tables.has(table.oid)).map(({ id }) => id)
  return JSON.stringify([text, ...ids.sort()])
}
