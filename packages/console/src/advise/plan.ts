/** A plan as EXPLAIN (FORMAT JSON) gives it: of a node what is looked at. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Total Cost'?: number
  readonly 'Plan Rows'?: number
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  /** The part of the rows that the conditions leave, where a plan of MySQL's tells. */
  readonly kept?: number
  readonly Plans?: readonly PlanNode[]
}

export interface Plan {
  readonly cost: number
  readonly root: PlanNode
}

export function planOf(row: Record<string, unknown> | undefined): Plan {
  const given = row?.['QUERY PLAN']
  const list = (typeof given === 'string' ? JSON.parse(given) : given) as
    | { Plan: PlanNode }[]
    | undefined
  const root = list?.[0]?.Plan ?? { 'Node Type': 'nothing' }
  return { cost: root['Total Cost'] ?? 0, root }
}

export function* nodesOf(root: PlanNode): Generator<PlanNode> {
  yield root
  for (const child of root.Plans ?? []) yield* nodesOf(child)
}

export function indexesIn({ root }: Plan): Set<string> {
  return new Set([...nodesOf(root)].flatMap(({ 'Index Name': name }) => name ?? []))
}

/**
 * How the rows of tables are come by, one line each, without any value: `Seq Scan on orders, 120,000 rows`.
 * `nameOf` puts a name in the place of a hypothetical index's.
 */
export function outline(
  { root }: Plan,
  nameOf: (index: string) => string = name => name,
): string[] {
  return [...nodesOf(root)]
    .filter(node => /Scan$|^Sort$|^Incremental Sort$|^ModifyTable$/.test(node['Node Type']))
    .slice(0, 12)
    .map(node => {
      const using = node['Index Name'] === undefined ? '' : ` using ${nameOf(node['Index Name'])}`
      const on = node['Relation Name'] === undefined ? '' : ` on ${node['Relation Name']}`
      return `${node['Node Type']}${using}${on}, ${Math.round(node['Plan Rows'] ?? 0).toLocaleString('en')} rows`
    })
}

/** Rows that a statement writes at each call, as the planner expects. */
export function rowsWritten({ root }: Plan): number {
  const write = [...nodesOf(root)].find(node => node['Node Type'] === 'ModifyTable')
  return Math.max(1, write?.Plans?.[0]?.['Plan Rows'] ?? 1)
}
