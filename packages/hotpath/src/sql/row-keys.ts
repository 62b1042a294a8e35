import { isNode, nameParts, type Node } from './syntax.js'

/** A value that stands in a statement: a parameter, or a literal. */
export type RowValue = { readonly param: number } | { readonly text: string }

/** A column that must have one of these values in every row that a statement is about. */
export interface RowKey {
  readonly column: string
  readonly values: readonly RowValue[]
}

/** Rows that are told apart; of more it is the table. */
const MAX_ROWS = 100

/** Of a SELECT over one table alone. */
export function keysOfSelect(select: Node): readonly RowKey[] {
  const { fromClause, whereClause, op } = select
  if (op !== undefined && op !== 'SETOP_NONE') return []
  if (!Array.isArray(fromClause) || fromClause.length !== 1) return []
  const only = fromClause[0] as unknown
  return isNode(only) && isNode(only['RangeVar']) ? keysOfWhere(whereClause) : []
}

/** `id = $1`, `id in ($1, $2)`, also as one part of an AND. */
export function keysOfWhere(where: unknown): readonly RowKey[] {
  if (!isNode(where)) return []
  const all = where['BoolExpr']
  if (isNode(all) && all['boolop'] === 'AND_EXPR' && Array.isArray(all['args']))
    return all['args'].flatMap(part => [...keysOfWhere(part)])
  const comparison = where['A_Expr']
  if (!isNode(comparison)) return []
  const { kind, name, lexpr, rexpr } = comparison
  if (nameParts(name).join('.') !== '=') return []
  if (kind === 'AEXPR_IN') return keyOf(lexpr, listOf(rexpr))
  if (kind !== 'AEXPR_OP') return []
  return columnOf(lexpr) === undefined ? keyOf(rexpr, [lexpr]) : keyOf(lexpr, [rexpr])
}

/** Of an INSERT of values: for each column that is named, those of all its rows. */
export function keysOfInsert(insert: Node): readonly RowKey[] {
  const select = isNode(insert['selectStmt']) ? insert['selectStmt']['SelectStmt'] : undefined
  const lists = isNode(select) ? select['valuesLists'] : undefined
  const columns = insert['cols']
  if (insert['override'] === 'OVERRIDING_USER_VALUE') return []
  if (!Array.isArray(lists) || !Array.isArray(columns)) return []
  const rows = lists.map(row => (isNode(row) ? listOf(row) : []))
  return columns.flatMap((column, at) => {
    const target = isNode(column) ? column['ResTarget'] : undefined
    if (!isNode(target) || target['indirection'] !== undefined) return []
    return keyFor(
      String(target['name']),
      rows.map(row => row[at]),
    )
  })
}

function keyOf(column: unknown, values: readonly unknown[]): readonly RowKey[] {
  const name = columnOf(column)
  return name === undefined ? [] : keyFor(name, values)
}

function keyFor(column: string, given: readonly unknown[]): readonly RowKey[] {
  if (given.length === 0 || given.length > MAX_ROWS) return []
  const values: RowValue[] = []
  for (const one of given) {
    const value = valueOf(one)
    if (value === undefined) return []
    values.push(value)
  }
  return [{ column, values }]
}

/** The name of a column, with or without its table; nothing else. */
function columnOf(value: unknown): string | undefined {
  if (!isNode(value) || !isNode(value['ColumnRef'])) return undefined
  const { fields } = value['ColumnRef']
  const names = nameParts(fields)
  return names.length > 0 && names.length <= 2 ? names.at(-1) || undefined : undefined
}

function valueOf(value: unknown): RowValue | undefined {
  if (!isNode(value)) return undefined
  const { ParamRef: param, A_Const: constant } = value
  if (isNode(param)) return { param: Number(param['number'] ?? 0) }
  if (!isNode(constant)) return undefined
  // Zero is written as no number at all.
  if (isNode(constant['ival'])) return { text: String(constant['ival']['ival'] ?? 0) }
  const text = isNode(constant['sval']) ? constant['sval']['sval'] : undefined
  if (isNode(constant['sval'])) return { text: String(text ?? '') }
  return undefined
}

function listOf(value: unknown): readonly unknown[] {
  const list = isNode(value) ? value['List'] : undefined
  return isNode(list) && Array.isArray(list['items']) ? (list['items'] as unknown[]) : []
}
