import { counted } from '../diagnose/figures.js'
import type { None, NoneReason, RouteShare } from './advice.js'
import { tableName } from './candidate.js'
import { isSmall } from './candidates.js'
import type { Choice, Weighed } from './choose.js'
import { nodesOf } from './plan.js'
import { as, everyNode, names, node, type Node } from './tree.js'

/** Of the statements without an index, as many are told of. */
const mostNone = 20

/** Statements that the choice does not help, the dearest first, each with the reason. `after` is what each costs with it. */
export function nonesOf(
  entries: readonly (Weighed & {
    readonly shown: string
    readonly routes: readonly RouteShare[]
  })[],
  after: readonly number[],
  choice: Choice,
  look: Look = { scansOf, shapeOf },
): None[] {
  return entries
    .map((entry, at) => ({ entry, cost: after[at] ?? 0 }))
    .filter(
      ({ entry, cost }) =>
        cost > 0.9 * entry.before.cost && entry.statement.reading.uses.some(use => !use.isWritten),
    )
    .sort((a, b) => b.entry.calls * b.cost - a.entry.calls * a.cost)
    .slice(0, mostNone)
    .map(({ entry, cost }) => ({
      statement: entry.shown,
      calls: entry.calls,
      routes: entry.routes,
      cost,
      ...reasonOf(entry, choice, look),
    }))
}

/** Why no index is advised for a statement: the first that holds, in the order in which they exclude each other. */
function reasonOf(
  weighed: Weighed,
  choice: Choice,
  look: Look,
): { reason: NoneReason; why: string } {
  const { statement, before, calls, candidates } = weighed
  const { reading, parsed } = statement
  const unserved = reading.uses.flatMap(use => use.unserved)
  if (unserved.length > 0) return { reason: 'no index serves it', why: `${unserved.join('; ')}.` }
  const tables = reading.uses.map(({ table }) => table)
  if (tables.length === 0)
    return { reason: 'no index serves it', why: 'It looks nothing up in a table.' }
  const scanned = look.scansOf(weighed)
  const large = reading.uses.filter(({ table }) => !isSmall(table))
  if (large.length === 0) {
    const [first] = tables
    return {
      reason: 'small table',
      why: `${tables.length === 1 && first ? `${tableName(first)} has ${counted(first.rows, 'row')} in ${counted(first.pages, 'page')}` : 'All of its tables have few rows'}: reading it whole is as fast.`,
    }
  }
  const refused = choice.refused
    .filter(({ index }) => candidates.some(({ id }) => id === index.id))
    .sort((a, b) => b.saved - a.saved)[0]
  if (refused?.why === 'writes')
    return {
      reason: 'write-heavy',
      why: `An index ${refused.index.tail} would save ${count(refused.saved)} and cost the writes of ${tableName(refused.index.table)} ${count(refused.price)} (the planner's units, all calls).`,
    }
  if (scanned.length === 0)
    return {
      reason: 'served already',
      why: 'Its plan reads by the indexes that are there, and whole only what is small.',
    }
  const shape = look.shapeOf(parsed.tree)
  if (!shape.hasConditions && shape.hasAggregates)
    return {
      reason: 'aggregate over everything',
      why: 'It counts or sums over every row; keep the figure elsewhere, or ask for less.',
    }
  if (!shape.hasConditions)
    return { reason: 'all rows wanted', why: 'It asks for all rows: an index would be a detour.' }
  const kept = scanned.sort((a, b) => b.rows - a.rows)[0]?.kept ?? 0
  if (candidates.length > 0 && kept > 0.05)
    return {
      reason: 'low selectivity',
      why: `It keeps ${Math.round(kept * 100)} % of the rows that it reads: the whole table is read faster in order.`,
    }
  if (refused !== undefined)
    return {
      reason: 'little gain',
      why: `The best index, ${refused.index.tail}, would save ${Math.round((refused.saved / Math.max(1, calls * before.cost)) * 100)} % of its cost.`,
    }
  return {
    reason: candidates.length === 0 ? 'no index serves it' : 'little gain',
    why:
      candidates.length === 0
        ? 'None of its conditions, joins and orders is one that an index serves.'
        : `Of ${candidates.length} that were tried the planner would take none.`,
  }
}

/** How plans and trees are looked at, which are of PostgreSQL or of MySQL. */
interface Look {
  scansOf(weighed: Weighed): Scan[]
  shapeOf(tree: Node): { readonly hasConditions: boolean; readonly hasAggregates: boolean }
}

export interface Scan {
  readonly rows: number
  /** The part that the conditions leave. */
  readonly kept: number
}

/** Tables that are read whole, but for small ones. */
export function scansOf({ statement, before }: Weighed): Scan[] {
  return [...nodesOf(before.plan.root)].flatMap(n => {
    const name = n['Relation Name']
    const table = statement.reading.uses.find(
      use => use.table.name === name || use.table.leaves.some(leaf => leaf.name === name),
    )?.table
    return n['Node Type'] === 'Seq Scan' && table !== undefined && !isSmall(table)
      ? [{ rows: table.rows, kept: (n['Plan Rows'] ?? 0) / Math.max(1, table.rows) }]
      : []
  })
}

function shapeOf(tree: Node): { hasConditions: boolean; hasAggregates: boolean } {
  let hasConditions = false
  let hasAggregates = false
  everyNode(tree, found => {
    if (found['whereClause'] !== undefined || found['limitCount'] !== undefined)
      hasConditions = true
    if (found['groupClause'] !== undefined) hasAggregates = true
    const name = names(node(as('FuncCall', found))['funcname']).at(-1) ?? ''
    if (/^(?:count|sum|avg|min|max|array_agg|json_agg|jsonb_agg|string_agg)$/.test(name))
      hasAggregates = true
  })
  return { hasConditions, hasAggregates }
}

const count = (value: number): string => Math.round(value).toLocaleString('en')
