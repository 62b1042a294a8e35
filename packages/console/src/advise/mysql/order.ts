import { node, type Node } from '../tree.js'
import type { SortKey, Use } from '../uses.js'
import { columnIn, expressionIn, type Scope, termOf } from './scope.js'
import { bare, columnParts } from './tree.js'

/** Notes the columns of GROUP BY or DISTINCT, where all are of one table. */
export function noteGroups(values: readonly unknown[], scope: Scope): void {
  const found = values.map(value => columnIn(value, scope))
  const use = found[0]?.use
  const isOne = found.every(one => one?.use === use && one?.column !== undefined && !one.isOuter)
  if (use !== undefined && isOne)
    use.groups.push(found.flatMap(one => (one?.column === undefined ? [] : [termOf(one.column)])))
}

/** What ORDER BY names: a name of the list that is selected stands for what is there. */
export function sortedValue({ expr }: Node, { aliases }: Scope): unknown {
  const parts = columnParts(bare(expr))
  return parts?.length === 1 ? (aliases.get(parts[0]?.toLowerCase() ?? '') ?? expr) : expr
}

/** Notes an order, where all of it is of one table and an index may have it: not by the beginning of a text. */
export function noteSorts(
  keys: readonly Node[],
  values: readonly unknown[],
  scope: Scope,
  isMariaDb: boolean,
): void {
  const sorted = values.flatMap((value, at): { use: Use; key: SortKey }[] => {
    const isDescending = node(keys[at]?.['options'])['asc'] === false
    const found = columnIn(value, scope)
    if (found?.use && found.column && !found.isOuter) {
      const term = termOf(found.column)
      return term.sql.endsWith(')') ? [] : [{ use: found.use, key: { term, isDescending } }]
    }
    const expression = isMariaDb ? undefined : expressionIn(value, scope)
    return expression === undefined
      ? []
      : [{ use: expression.use, key: { term: expression.term, isDescending } }]
  })
  const [first] = sorted
  if (first === undefined || sorted.length < keys.length) return
  if (sorted.every(({ use }) => use === first.use))
    first.use.sorts.push(sorted.map(({ key }) => key))
}
