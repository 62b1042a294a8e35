import { type Column, equalShare, type Table } from './catalog.js'
import { constantOf, holds, parametersOf, sqlOf } from './expression.js'
import { quoted } from './names.js'
import { as, list, type Node, names } from './tree.js'
import { type Conditions, noConditions, type ParameterUse, type Term, type Use } from './uses.js'

/** A column of a table, as a scope resolves a reference to it. */
export interface Found {
  readonly use: Use
  readonly column: string
}

/** What conditions are read with. */
export interface Reader {
  resolve(reference: Node): Found | undefined
  noteParameter(number: number, use: ParameterUse): void
  /** The database compares texts byte by byte. */
  readonly isC: boolean
}

/** A term over one use, and the use. */
export interface Owned {
  readonly use: Use
  readonly term: Term
}

/** The expression as a term of one table's; undefined where it is of none, of several, or no key of an index. */
export function termOf(value: unknown, reader: Reader): Owned | undefined {
  if (holds(value, 'ParamRef') || !holds(value, 'ColumnRef')) return undefined
  let use: Use | undefined
  const columns = new Set<string>()
  const sql = sqlOf(value, reference => {
    const found = reader.resolve(reference)
    if (found === undefined || (use !== undefined && use !== found.use)) return undefined
    use = found.use
    columns.add(found.column)
    return quoted(found.column)
  })
  if (sql === undefined || use === undefined) return undefined
  const [column] = columns
  const alone = as('ColumnRef', value) !== undefined
  const isCall = as('FuncCall', value) !== undefined
  const term: Term = {
    sql:
      alone || isCall
        ? sql
        : sql.startsWith('(') && sql.endsWith(')') && !sql.includes(')::')
          ? sql
          : `(${sql})`,
    ...(alone && column !== undefined ? { column } : {}),
    columns: [...columns],
  }
  return { use, term }
}

/** Where the conditions of a use are noted: its own, or those of one arm of an OR. */
export type Place = (use: Use) => Conditions

export const always: Place = use => use.always

/** Notes what a condition, and each that it is an AND of, asks of the tables. */
export function noteConditions(value: unknown, reader: Reader, place: Place = always): void {
  const all = as('BoolExpr', value)
  if (all?.['boolop'] === 'AND_EXPR') {
    for (const arg of list(all['args'])) noteConditions(arg, reader, place)
    return
  }
  if (all?.['boolop'] === 'OR_EXPR') return noteArms(list(all['args']), reader)
  if (all?.['boolop'] === 'NOT_EXPR') return noteFlag(list(all['args'])[0], false, reader, place)
  const test = as('NullTest', value)
  if (test) return noteNullTest(test, reader, place)
  const truth = as('BooleanTest', value)
  if (truth) {
    const wanted = truth['booltesttype']
    if (wanted === 'IS_TRUE' || wanted === 'IS_FALSE')
      noteFlag(truth['arg'], wanted === 'IS_TRUE', reader, place)
    return
  }
  if (as('ColumnRef', value)) return noteFlag(value, true, reader, place)
  const link = as('SubLink', value)
  if (link?.['subLinkType'] === 'ANY_SUBLINK') {
    const owned = termOf(link['testexpr'], reader)
    if (owned) place(owned.use).joined.push(owned.term)
    return
  }
  const comparison = as('A_Expr', value)
  if (comparison) noteComparison(comparison, reader, place)
}

/** Each arm may have an index of its own; the planner puts them together. */
function noteArms(args: readonly Node[], reader: Reader): void {
  for (const arg of args) {
    const own = new Map<Use, Conditions>()
    noteConditions(arg, reader, use => {
      const known = own.get(use) ?? noConditions()
      own.set(use, known)
      return known
    })
    for (const [use, conditions] of own) use.arms.push(conditions)
  }
}

function noteFlag(value: unknown, isTrue: boolean, reader: Reader, place: Place): void {
  const owned = termOf(value, reader)
  const column = columnOf(owned)
  if (owned === undefined || column?.category !== 'B') return
  const at = column.common.indexOf(isTrue ? 't' : 'f')
  const share = at < 0 ? (column.hasStats ? 0.001 : 0.5) : (column.frequencies[at] ?? 0.5)
  const sql = isTrue ? owned.term.sql : `NOT ${owned.term.sql}`
  place(owned.use).filters.push({ sql, column: column.name, share })
}

function noteNullTest(test: Node, reader: Reader, place: Place): void {
  const owned = termOf(test['arg'], reader)
  const column = columnOf(owned)
  if (owned === undefined || column === undefined) return
  const isNull = test['nulltesttype'] === 'IS_NULL'
  const sql = `${owned.term.sql} IS ${isNull ? '' : 'NOT '}NULL`
  const share = column.hasStats ? (isNull ? column.nulls : 1 - column.nulls) : 0.5
  place(owned.use).filters.push({ sql, column: column.name, share })
  if (isNull) place(owned.use).equal.push(owned.term)
}

/** Of a term that is a column. */
export function columnOf(owned: Owned | undefined): Column | undefined {
  const name = owned?.term.column
  return name === undefined ? undefined : owned?.use.table.columns.get(name)
}

const ranges: Readonly<Record<string, ParameterUse['how']>> = {
  '<': 'below',
  '<=': 'below',
  '>': 'above',
  '>=': 'above',
}
const turned: Readonly<Record<string, string>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '@>': '<@',
  '<@': '@>',
}

function noteComparison(comparison: Node, reader: Reader, place: Place): void {
  const operator = names(comparison['name']).at(-1) ?? ''
  const { kind, lexpr: left, rexpr: right } = comparison
  const rows = as('RowExpr', left)
  if (rows && kind === 'AEXPR_OP' && ranges[operator] !== undefined) {
    const values = list(as('RowExpr', right)?.['args'])
    for (const [at, item] of list(rows['args']).entries())
      noteOne({ kind, operator, value: item, other: values[at], reader, place })
    return
  }
  noteOne({ kind, operator, value: left, other: right, reader, place })
  if (kind === 'AEXPR_OP')
    noteOne({
      kind,
      operator: turned[operator] ?? operator,
      value: right,
      other: left,
      reader,
      place,
    })
  if (kind === 'AEXPR_OP_ANY' && operator === '=') noteHeld(right, left, reader)
}

interface Comparison {
  readonly kind: unknown
  readonly operator: string
  readonly value: unknown
  readonly other: unknown
  readonly reader: Reader
  readonly place: Place
}

function noteOne({ kind, operator, value, other, reader, place }: Comparison): void {
  const owned = termOf(value, reader)
  if (owned === undefined) return
  const { use, term } = owned
  // Both sides of one table: that is no look-up.
  if (mentions(other, use, reader)) return
  const conditions = place(use)
  const isJoined = holds(other, 'ColumnRef')
  const note = (how: ParameterUse['how'], isList = false): void => {
    for (const number of parametersOf(other))
      reader.noteParameter(number, parameterUse(owned, how, isList))
  }
  if ((kind === 'AEXPR_OP' && operator === '=') || kind === 'AEXPR_IN' || kind === 'AEXPR_OP_ANY') {
    if (operator !== '=') return
    note('equal', kind === 'AEXPR_OP_ANY' && as('A_ArrayExpr', other) === undefined)
    ;(isJoined ? conditions.joined : conditions.equal).push(term)
    if (!isJoined && kind === 'AEXPR_OP') noteConstant(owned, other, conditions)
  } else if (kind === 'AEXPR_BETWEEN') {
    const [from, to] = list(as('List', other)?.['items'] ?? other)
    for (const number of parametersOf(from))
      reader.noteParameter(number, parameterUse(owned, 'above'))
    for (const number of parametersOf(to))
      reader.noteParameter(number, parameterUse(owned, 'below'))
    conditions.range.push(term)
  } else if (kind === 'AEXPR_OP' && ranges[operator] !== undefined) {
    note(ranges[operator] ?? 'above')
    conditions.range.push(term)
  } else if (
    kind === 'AEXPR_LIKE' ||
    kind === 'AEXPR_ILIKE' ||
    /^(?:~\*?|%|<%|%>)$/.test(operator)
  ) {
    if (!operator.startsWith('!')) notePattern(owned, { kind, operator, other, reader, conditions })
    note('pattern')
  } else if (kind === 'AEXPR_OP') {
    noteSpecial(owned, operator, conditions)
    note('holds')
  }
}

function parameterUse(
  { use, term }: Owned,
  how: ParameterUse['how'],
  isList = false,
): ParameterUse {
  const name = term.column ?? (term.columns.length === 1 ? term.columns[0] : undefined)
  const column = name === undefined ? undefined : use.table.columns.get(name)
  return {
    how,
    table: use.table,
    ...(column === undefined ? {} : { column }),
    ...(term.column === undefined ? { isWithin: true } : {}),
    ...(isList ? { isList } : {}),
  }
}

/** A column that has one of few values: an index of the rows that have it alone. */
function noteConstant(owned: Owned, other: unknown, conditions: Conditions): void {
  const column = columnOf(owned)
  const cast = as('TypeCast', other)
  const constant = as('A_Const', cast?.['arg'] ?? other)
  const text = constant && constantOf(constant)
  if (column === undefined || text === undefined || text === 'NULL') return
  const plain = text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text
  const at = column.common.indexOf(plain === 'true' ? 't' : plain === 'false' ? 'f' : plain)
  // A value of many is another one at the next call.
  if (at < 0 || column.distinct > 50) return
  conditions.filters.push({
    sql: `${owned.term.sql} = ${text}`,
    column: column.name,
    share: column.frequencies[at] ?? 1,
  })
}

interface Pattern {
  readonly kind: unknown
  readonly operator: string
  readonly other: unknown
  readonly reader: Reader
  readonly conditions: Conditions
}

function notePattern(owned: Owned, { kind, operator, other, reader, conditions }: Pattern): void {
  const constant = as('A_Const', other)
  const text = constant && constantOf(constant)
  const isPrefix =
    kind === 'AEXPR_LIKE' && operator === '~~' && text !== undefined && /^'[^%_]{1,}/.test(text)
  const { term } = owned
  if (isPrefix) {
    const type = columnOf(owned)?.type ?? 'text'
    const opclass = type.startsWith('character varying')
      ? 'varchar_pattern_ops'
      : 'text_pattern_ops'
    conditions.range.push(reader.isC ? term : { ...term, opclass })
  } else
    conditions.special.push({ method: 'gin', term, opclass: 'gin_trgm_ops', extension: 'pg_trgm' })
}

function noteSpecial(owned: Owned, operator: string, conditions: Conditions): void {
  const { term } = owned
  const type = columnOf(owned)?.type ?? ''
  const category = columnOf(owned)?.category
  const add = (method: 'gin' | 'gist', opclass?: string): void =>
    void conditions.special.push({ method, term, ...(opclass === undefined ? {} : { opclass }) })
  if (type === 'jsonb') {
    if (['@>', '@?', '@@'].includes(operator)) add('gin', 'jsonb_path_ops')
    else if (['?', '?|', '?&'].includes(operator)) add('gin')
  } else if (category === 'A' && ['@>', '&&', '<@'].includes(operator)) add('gin')
  else if (operator === '@@') add('gin')
  else if (
    (category === 'R' || category === 'G') &&
    ['@>', '<@', '&&', '<<', '>>'].includes(operator)
  )
    add('gist')
}

/** `value = any(column)` reads as a look-up, and no index serves it. */
function noteHeld(array: unknown, value: unknown, reader: Reader): void {
  const owned = termOf(array, reader)
  if (owned === undefined || columnOf(owned)?.category !== 'A') return
  owned.use.unserved.push(
    `= any(${owned.term.sql}) uses no index; ${owned.term.sql} @> array[...] asks the same and can use one (GIN)`,
  )
  for (const number of parametersOf(value))
    reader.noteParameter(number, { how: 'holds', table: owned.use.table })
}

function mentions(value: unknown, use: Use, reader: Reader): boolean {
  if (Array.isArray(value)) return value.some(item => mentions(item, use, reader))
  if (typeof value !== 'object' || value === null) return false
  const reference = as('ColumnRef', value)
  if (reference) return reader.resolve(reference)?.use === use
  if (as('SubLink', value)) return false
  return Object.values(value).some(part => mentions(part, use, reader))
}

/** The part of a table's rows that conditions of equality keep, by statistics: each for itself. */
export function shareOf(table: Table, terms: readonly Term[]): number {
  return terms.reduce(
    (share, { column }) =>
      share * equalShare(column === undefined ? undefined : table.columns.get(column)),
    1,
  )
}
