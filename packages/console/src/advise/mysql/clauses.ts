import { as, isNode, list, node, type Node } from '../tree.js'
import { nameParts } from './tree.js'

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
