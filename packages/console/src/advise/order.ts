import { type Reader, termOf } from './conditions.js'
import { as, list, type Node, names, node } from './tree.js'
import type { SortKey, Use } from './uses.js'

/** Notes what a query wants sorted or grouped: an index may have the rows in that order. */
export function noteOrder(tree: Node, targets: readonly Node[], reader: Reader): void {
  const meant = (value: unknown): unknown => {
    const position = node(as('A_Const', value)?.['ival'])['ival']
    if (typeof position === 'number') return targets[position - 1]?.['val']
    const [name, ...more] = names(as('ColumnRef', value)?.['fields'])
    const named = more.length === 0 ? targets.find(target => target['name'] === name) : undefined
    return named?.['val'] ?? value
  }
  const groups = list(tree['groupClause'])
  if (groups.length > 0) sameUse(groups.map(meant), reader, (use, terms) => use.groups.push(terms))
  const distinct = list(tree['distinctClause'])
  // DISTINCT alone is a list of one empty node.
  const isAll = distinct.length === 1 && Object.keys(distinct[0] ?? {}).length === 0
  if (distinct.length > 0 && groups.length === 0)
    sameUse(isAll ? targets.map(t => t['val']) : distinct.map(meant), reader, (use, terms) =>
      use.groups.push(terms),
    )
  if (groups.length === 0) sorted(list(tree['sortClause']), meant, reader)
  for (const { val } of targets) extreme(val, reader)
  const overs: Node[] = targets.map(({ val }) => node(as('FuncCall', val)?.['over']))
  for (const over of [...overs, ...list(tree['windowClause']).map(w => node(w['WindowDef']))]) {
    const parts = list(over['partitionClause']).map(part => ({ SortBy: { node: part } }))
    sorted([...parts, ...list(over['orderClause'])], value => value, reader)
  }
}

function sorted(items: readonly Node[], meant: (value: unknown) => unknown, reader: Reader): void {
  const keys: SortKey[] = []
  let owner: Use | undefined
  for (const item of items) {
    const { node: value, sortby_dir: direction, sortby_nulls: nulls } = node(item['SortBy'])
    const owned = termOf(meant(value), reader)
    // Behind the first key of another table the order is made by sorting, in runs of the first ones.
    if (owned === undefined || (owner !== undefined && owner !== owned.use)) break
    owner = owned.use
    keys.push({
      term: owned.term,
      isDescending: direction === 'SORTBY_DESC',
      ...(nulls === 'SORTBY_NULLS_FIRST'
        ? { nulls: 'first' }
        : nulls === 'SORTBY_NULLS_LAST'
          ? { nulls: 'last' }
          : {}),
    })
  }
  if (owner !== undefined && keys.length > 0) owner.sorts.push(keys)
}

/** `max(a)` is the first of a in descending order. */
function extreme(value: unknown, reader: Reader): void {
  const call = as('FuncCall', value)
  const name = call && names(call['funcname']).at(-1)
  if (name !== 'min' && name !== 'max') return
  const owned = termOf(list(call?.['args'])[0], reader)
  if (owned === undefined) return
  owned.use.sorts.push([{ term: owned.term, isDescending: false }])
  owned.use.isLimited = true
}

function sameUse(
  values: readonly unknown[],
  reader: Reader,
  note: (use: Use, terms: Use['groups'][number]) => void,
): void {
  const owned = values.map(value => termOf(value, reader))
  const [first] = owned
  if (first === undefined || owned.some(one => one?.use !== first.use)) return
  note(
    first.use,
    owned.flatMap(one => one?.term ?? []),
  )
}
