/** A table that a statement reads from its first row to its last, for the few that it keeps. */
export interface Scan {
  readonly schema: string
  readonly table: string
  /** Rows that the planner expects to be left. */
  readonly kept: number
}

/** A node of a plan is in a node; PostgreSQL's own are some tens deep. */
const MOST_NODES = 1_000

/**
 * The tables that a plan of PostgreSQL reads whole and filters, as `explain (format json, verbose)` gives it:
 * https://www.postgresql.org/docs/current/using-explain.html. Nothing else of the plan is looked at: its
 * conditions hold what is written in the statement.
 */
export function scansOf(explained: unknown): Scan[] {
  const [first] = Array.isArray(explained) ? (explained as unknown[]) : []
  const scans: Scan[] = []
  const nodes = [field(first, 'Plan')]
  for (let n = 0; n < nodes.length && n < MOST_NODES; n++) {
    const node = nodes[n]
    const below = field(node, 'Plans')
    if (Array.isArray(below)) nodes.push(...(below as unknown[]))
    const [schema, table, kept] = ['Schema', 'Relation Name', 'Plan Rows'].map(key =>
      field(node, key),
    )
    if (field(node, 'Node Type') !== 'Seq Scan' || field(node, 'Filter') === undefined) continue
    if (typeof schema === 'string' && typeof table === 'string' && typeof kept === 'number')
      scans.push({ schema, table, kept })
  }
  return scans
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
