import type { Plan, PlanNode } from '../plan.js'
import { everyNode, isNode, type Node } from '../tree.js'

/**
 * What reading rows costs, in units of about 10 us, as for PostgreSQL (a page read in order is one there). Measured
 * on MariaDB 10.11 with all in memory: 100,000 rows of 90 bytes read whole in 37 ms, 20,000 by a primary key one by
 * one in 24 ms, 20,000 of these sorted in 3.4 ms. A row behind a secondary index is weighed six times what it took:
 * its page may be anywhere, and not in memory.
 */
const unit = {
  scanned: 0.037,
  /** One descent of a tree. */
  descent: 0.1,
  /** A row next to the last one in an index, the index alone read. */
  entry: 0.03,
  /** A row of the table, found by an entry of another index. */
  behind: 0.8,
  sorted: 0.01,
  /** For each of its doublings. */
  compared: 0.0007,
  /** A row put in a table for the time being, and taken out. */
  kept: 0.05,
  /** A pair that a join without an index looks at. */
  paired: 0.005,
} as const

export const readCost = (
  loops: number,
  rows: number,
  by: 'whole' | 'covering' | 'behind' | 'primary',
): number =>
  by === 'whole'
    ? rows * unit.scanned
    : loops * unit.descent +
      rows * (by === 'behind' ? unit.behind : by === 'covering' ? unit.entry : unit.scanned)

export const sortCost = (rows: number): number =>
  rows < 2 ? 0 : rows * (unit.sorted + unit.compared * Math.log2(rows))

/** How one table is come at in a plan. */
export interface Access {
  readonly alias: string
  readonly key: string | undefined
  readonly access: string
  readonly isCovering: boolean
  readonly loops: number
  /** Of all loops together. */
  readonly rows: number
  /** Those that its conditions leave, of all loops together. */
  readonly kept: number
  readonly cost: number
}

export interface Read {
  readonly cost: number
  readonly accesses: readonly Access[]
  /** Rows that are sorted, or put aside for groups. */
  readonly sorts: readonly number[]
}

const number = (value: unknown): number | undefined => {
  const found = typeof value === 'string' ? Number(value) : value
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}

/**
 * Reads a plan of EXPLAIN FORMAT=JSON, or of MariaDB's ANALYZE FORMAT=JSON, which has the rows that were really read
 * (`r_rows`). The cost is ours: MariaDB 10.11 tells none, and MySQL's knows no LIMIT. `enough` rows end it, where
 * nothing is sorted or grouped before.
 */
export function readPlan(plan: unknown, enough = Number.POSITIVE_INFINITY): Read {
  const accesses: Access[] = []
  const sorts: number[] = []
  let more = 0
  let isRun = false

  /** Returns the rows that come out for one that goes in. */
  function visit(value: unknown, loops: number): number {
    if (Array.isArray(value))
      return value.reduce<number>((fan, each) => fan * visit(each, loops * fan), 1)
    if (!isNode(value)) return 1
    let fan = 1
    for (const [key, part] of Object.entries(value)) {
      if (typeof part !== 'object' || part === null) continue
      if (key === 'table') fan *= table(part as Node, loops * fan)
      else if (key === 'filesort') fan *= filesort(part as Node, loops * fan)
      else if (key === 'temporary_table') {
        fan *= visit(part, loops * fan)
        more += loops * fan * unit.kept
      } else if (
        key === 'subqueries' ||
        key.endsWith('_subqueries') ||
        key === 'query_specifications'
      )
        for (const each of [part].flat()) visit(each, 1)
      else if (key === 'block-nl-join') fan *= block(part as Node, loops * fan)
      else if (key !== 'cost_info' && key !== 'query_optimization') fan *= visit(part, loops * fan)
    }
    // MySQL's.
    if (value['using_filesort'] === true) sort(loops * fan)
    if (value['using_temporary_table'] === true) more += loops * fan * unit.kept
    return fan
  }

  function table(node: Node, loops: number): number {
    const rLoops = number(node['r_loops'])
    isRun ||= rLoops !== undefined
    const rRows = number(node['r_rows'])
    const each = rRows ?? number(node['rows']) ?? number(node['rows_examined_per_scan']) ?? 1
    const real = rLoops ?? loops
    const share = (number(node['r_filtered']) ?? number(node['filtered']) ?? 100) / 100
    const access = String(node['access_type'] ?? 'system')
    const key = typeof node['key'] === 'string' ? node['key'] : keysOfMerge(node['index_merge'])
    const isCovering = node['using_index'] === true
    const rows = real * each
    const isWhole = access === 'ALL' || (access === 'index' && !isCovering && key === 'PRIMARY')
    const alias = String(node['table_name'] ?? '')
    const by = isWhole
      ? 'whole'
      : isCovering
        ? 'covering'
        : key === 'PRIMARY'
          ? 'primary'
          : 'behind'
    const cost = alias.startsWith('<') ? rows * unit.entry : readCost(real, rows, by)
    accesses.push({ alias, key, access, isCovering, loops: real, rows, kept: rows * share, cost })
    for (const [name, part] of Object.entries(node))
      if (typeof part === 'object' && part !== null && name !== 'cost_info') {
        if (/subquer/.test(name)) for (const one of [part].flat()) visit(one, 1)
        else if (name === 'materialized' || name === 'materialized_from_subquery') visit(part, 1)
      }
    return each * share
  }

  function filesort(node: Node, loops: number): number {
    const fan = visit(node, loops)
    const rows = number(node['r_output_rows'])
    // With a queue for LIMIT all rows go by, and few are kept.
    const all = node['r_used_priority_queue'] === true ? loops * fan : (rows ?? loops * fan)
    sort(Math.max(all, rows ?? 0))
    return fan
  }

  function sort(rows: number): void {
    sorts.push(rows)
    more += sortCost(rows)
  }

  /** Rows in front are kept in a buffer, and the table is read once for each filling. */
  function block(node: Node, loops: number): number {
    const inner = node['table'] as Node | undefined
    if (inner === undefined) return visit(node, loops)
    const each = table(inner, 1)
    more += loops * each * unit.paired
    const share = (number(node['r_filtered']) ?? number(inner['filtered']) ?? 100) / 100
    return each * share
  }

  const out = visit(plan, 1)
  const cost = more + accesses.reduce((sum, one) => sum + one.cost, 0)
  // What a scan leaves is not known before it is run; an index in the order of the rows wanted is.
  const isShort = !isRun && more === 0 && accesses.every(({ access }) => access !== 'ALL')
  const share = isShort ? Math.min(1, enough / Math.max(1, out)) : 1
  return {
    cost: cost * share,
    accesses: accesses.map(one => ({ ...one, rows: one.rows * share, kept: one.kept * share })),
    sorts,
  }
}

/** `a, b` of an index merge. */
function keysOfMerge(merge: unknown): string | undefined {
  const keys: string[] = []
  everyNode(merge, ({ key }) => {
    if (typeof key === 'string') keys.push(key)
  })
  return keys.length === 0 ? undefined : keys.join(', ')
}

/** The plan in the shape that is told of: how each table is come at, and what is sorted. */
export function planOf({ cost, accesses, sorts }: Read): Plan {
  const nodes: PlanNode[] = accesses.map(({ alias, key, access, rows, kept, isCovering }) => ({
    'Node Type': kindOf(access, isCovering),
    'Relation Name': alias,
    ...(key === undefined ? {} : { 'Index Name': key }),
    'Plan Rows': rows,
    kept: rows === 0 ? 0 : kept / rows,
  }))
  return {
    cost,
    root: {
      'Node Type': 'Query',
      Plans: [...nodes, ...sorts.map(rows => ({ 'Node Type': 'Sort', 'Plan Rows': rows }))],
    },
  }
}

function kindOf(access: string, isCovering: boolean): string {
  if (access === 'ALL') return 'Table Scan'
  const how =
    {
      ref: 'Look-up',
      eq_ref: 'Look-up',
      const: 'Look-up',
      ref_or_null: 'Look-up',
      range: 'Range',
      fulltext: 'Words',
      index: 'Whole',
    }[access] ?? access
  return `Index ${how}${isCovering ? ' Only' : ''} Scan`
}
