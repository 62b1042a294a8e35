import { literal, quoted } from './names.js'
import { as, isNode, list, type Node, names, node } from './tree.js'

/**
 * An expression over columns and constants as SQL, for the key or the predicate of an index; `column` says how a
 * reference is written, and undefined from it, or a node that is not among the few that indexes are made of,
 * makes the whole undefined.
 */
export function sqlOf(
  value: unknown,
  column: (reference: Node) => string | undefined,
): string | undefined {
  const go = (part: unknown): string | undefined => sqlOf(part, column)
  const reference = as('ColumnRef', value)
  if (reference) return column(reference)
  const constant = as('A_Const', value)
  if (constant) return constantOf(constant)
  const cast = as('TypeCast', value)
  if (cast) {
    const arg = go(cast['arg'])
    const type = typeOf(cast['typeName'])
    return arg === undefined || type === undefined ? undefined : `(${arg})::${type}`
  }
  const call = as('FuncCall', value)
  if (call) return callOf(call, go)
  const coalesce = as('CoalesceExpr', value)
  if (coalesce) return joined('COALESCE', list(coalesce['args']).map(go))
  const operation = as('A_Expr', value)
  if (operation?.['kind'] === 'AEXPR_OP') {
    const [operator = '', ...qualified] = names(operation['name'])
    const [left, right] = [go(operation['lexpr']), go(operation['rexpr'])]
    if (qualified.length > 0 || left === undefined || right === undefined) return undefined
    return `(${left} ${operator} ${right})`
  }
  return undefined
}

function callOf(call: Node, go: (part: unknown) => string | undefined): string | undefined {
  const special = [
    'agg_order',
    'agg_filter',
    'over',
    'agg_distinct',
    'agg_star',
    'agg_within_group',
    'func_variadic',
  ]
  if (special.some(key => call[key] !== undefined && call[key] !== false)) return undefined
  const path = names(call['funcname'])
  // What stands as syntax (EXTRACT, AT TIME ZONE) is a function of pg_catalog in the tree.
  return joined(path.map(quoted).join('.'), list(call['args']).map(go))
}

function joined(name: string, args: readonly (string | undefined)[]): string | undefined {
  return args.includes(undefined) ? undefined : `${name}(${args.join(', ')})`
}

/** A constant as a literal; undefined for what is none. */
export function constantOf(constant: Node): string | undefined {
  if (constant['isnull'] === true) return 'NULL'
  const text = node(constant['sval'])['sval']
  if (constant['sval'] !== undefined) return literal(typeof text === 'string' ? text : '')
  if (constant['ival'] !== undefined) return String(node(constant['ival'])['ival'] ?? 0)
  if (constant['fval'] !== undefined) return String(node(constant['fval'])['fval'])
  if (constant['boolval'] !== undefined)
    return node(constant['boolval'])['boolval'] === true ? 'true' : 'false'
  return undefined
}

export function typeOf(value: unknown): string | undefined {
  const type = node(value)
  const path = names(type['names'])
  if (path.length === 0 || list(type['typmods']).length > 0) return undefined
  const array = Array.isArray(type['arrayBounds']) ? '[]' : ''
  return path.map(quoted).join('.') + array
}

/** Whether a tree holds a reference to a column, and whether it holds a parameter. */
export function holds(
  value: unknown,
  kind: 'ColumnRef' | 'ParamRef' | 'SubLink' | 'A_Const',
): boolean {
  if (Array.isArray(value)) return value.some(item => holds(item, kind))
  if (!isNode(value)) return false
  return (
    kind in value ||
    Object.values(value).some(part => typeof part === 'object' && holds(part, kind))
  )
}

/** The parameter that a value is, under casts; a list's or an array's first ones too. */
export function parametersOf(value: unknown): number[] {
  const parameter = as('ParamRef', value)
  if (parameter) return [Number(parameter['number'] ?? 0)]
  const cast = as('TypeCast', value)
  if (cast) return parametersOf(cast['arg'])
  const items = as('List', value)?.['items'] ?? as('A_ArrayExpr', value)?.['elements']
  return list(items).flatMap(parametersOf)
}
