import type { Weighed } from '../choose.js'
import { isSmall } from '../candidates.js'
import { nodesOf } from '../plan.js'
import type { Scan } from '../reasons.js'
import { as, everyNode, list, node, type Node } from '../tree.js'

/** Tables that are read whole, but for small ones. A plan knows them by their aliases, and we by their rows. */
export function scansOf({ statement, before }: Weighed): Scan[] {
  const large = statement.reading.uses.filter(({ table }) => !isSmall(table))
  return [...nodesOf(before.plan.root)].flatMap(one => {
    const rows = one['Plan Rows'] ?? 0
    const isWhole = /^(?:Table|Index Whole)/.test(one['Node Type'])
    const found = isWhole ? large.find(({ table }) => rows >= 0.5 * table.rows) : undefined
    return found === undefined ? [] : [{ rows: found.table.rows, kept: one.kept ?? 1 }]
  })
}

const aggregates =
  /^(?:count|sum|avg|min|max|group_concat|json_arrayagg|json_objectagg|std|variance)/i

export function shapeOf(tree: Node): { hasConditions: boolean; hasAggregates: boolean } {
  let hasConditions = false
  let hasAggregates = false
  everyNode(tree, one => {
    if (one['selection'] != null || one['limit_clause'] != null || one['limit'] != null)
      hasConditions = true
    const groups = node(one['group_by'])['Expressions']
    if (Array.isArray(groups) && Array.isArray(groups[0]) && groups[0].length > 0)
      hasAggregates = true
    const name = String(
      node(node(list(as('Function', one)?.['name'])[0])['Identifier'])['value'] ?? '',
    )
    if (aggregates.test(name)) hasAggregates = true
  })
  return { hasConditions, hasAggregates }
}
