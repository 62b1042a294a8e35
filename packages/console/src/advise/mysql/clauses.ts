import { as, isNode, list, node, type Node } from '../tree.js'
import { columnParts, nameParts } from './tree.js'

/** The column that an assignment writes. */
export const targetOf = (assignment: Node): string =>
  nameParts(node(assignment['target'])['ColumnName']).at(-1) ?? ''

export const sortsOf = (order: unknown): readonly Node[] =>
  list(node(node(order)['kind'])['Expressions'])

export function groupsOf(group: unknown): unknown[] {
  const expressions = node(group)['Expressions']
  return Array.isArray(expressions) && Array.isArray(expressions[0]) ? expressions[0] : []
}

/** ON or USING, below the kind of the join. */
export function constraintOf(operator: unknown): Node | undefined {
  if (!isNode(operator)) return undefined
  const [kind = ''] = Object.keys(operator)
  const constraint = operator[kind]
  return isNode(constraint) ? constraint : undefined
}

export function partsOfLimit(clause: unknown): { limit: unknown; offset: unknown } {
  const plain = as('LimitOffset', clause)
  const comma = as('OffsetCommaLimit', clause)
  return plain === undefined
    ? { limit: comma?.['limit'], offset: comma?.['offset'] }
    : { limit: plain['limit'], offset: node(plain['offset'])['value'] }
}

export const limitOf = (clause: unknown): boolean => partsOfLimit(clause).limit != null

/** Whether the server reads a query in FROM as if it were not there: without groups, LIMIT, DISTINCT or figures. */
export function isMerged(query: Node): boolean {
  const select = as('Select', query['body'])
  return (
    select !== undefined &&
    query['limit_clause'] == null &&
    select['distinct'] == null &&
    select['having'] == null &&
    groupsOf(select['group_by']).length === 0 &&
    list(select['projection']).every(
      item =>
        item['Wildcard'] !== undefined ||
        columnParts(item['UnnamedExpr'] ?? node(item['ExprWithAlias'])['expr']) !== undefined,
    )
  )
}

/** Rows that a statement is content with. */
export function limitIn(tree: Node): number {
  const limit = tree['limit'] ?? partsOfLimit(tree['limit_clause']).limit
  if (limit == null) return Number.POSITIVE_INFINITY
  const number = node(node(as('Value', limit))['value'])['Number']
  return Array.isArray(number) ? Number(number[0]) : page
}

/** What an API commonly asks for. */
const page = 20
