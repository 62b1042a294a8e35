import { type Conditions, noConditions, type ParameterUse, type Use } from '../uses.js'
import type { Table } from '../catalog.js'
import { as, isNode, list, node, type Node } from '../tree.js'
import { type Found, columnIn, expressionIn, type Scope, termOf } from './scope.js'
import { bare, binary, parameterOf, stringOf } from './tree.js'

/** What reading a statement's conditions is told, and tells. */
export interface Reader {
  readonly scope: Scope
  /** MariaDB has no index of an expression. */
  readonly isMariaDb: boolean
  readonly parameters: Map<number, ParameterUse>
  readonly links: Link[]
  /** Parameters that say where the last page ended: `(created_at, id) < (?, ?)`. */
  readonly pages: Set<number>
}

/** Two columns that are compared for equality: what one has for values the other has too. */
export type Link = readonly [Linked, Linked]
export interface Linked {
  readonly table: Table
  readonly name: string
}

export type Place = (use: Use) => Conditions
const always: Place = use => use.always

const ranges = new Set(['Gt', 'GtEq', 'Lt', 'LtEq'])

/** Notes what an expression of WHERE, ON or HAVING asks of each table. */
export function noteConditions(value: unknown, reader: Reader, place: Place = always): void {
  const one = bare(value)
  const both = binary(one)
  if (both?.op === 'And') {
    noteConditions(both.left, reader, place)
    noteConditions(both.right, reader, place)
    return
  }
  if (both?.op === 'Or') return noteArms([both.left, both.right], reader)
  if (both !== undefined) return noteComparison(both, reader, place)
  noteOthers(node(one), reader, place)
}

function noteOthers(one: Node, reader: Reader, place: Place): void {
  const within = as('InList', one)
  if (within !== undefined) {
    if (within['negated'] === true) return
    const items = Array.isArray(within['list']) ? within['list'] : []
    const [first] = items
    noteEqual(within['expr'], first, reader, place)
    const tuple = first === undefined ? undefined : node(bare(first))['Tuple']
    if (tuple === undefined)
      for (const item of items) noteParameter(item, within['expr'], 'equal', reader, true)
    return
  }
  const sub = as('InSubquery', one)
  if (sub !== undefined) {
    if (sub['negated'] !== true)
      for (const each of members(sub['expr'])) {
        const found = columnIn(each, reader.scope)
        if (found?.use && found.column && !found.isOuter)
          place(found.use).joined.push(termOf(found.column))
      }
    return
  }
  const between = as('Between', one)
  if (between !== undefined) {
    if (between['negated'] === true) return
    noteRange(between['expr'], reader, place)
    noteParameter(between['low'], between['expr'], 'above', reader)
    noteParameter(between['high'], between['expr'], 'below', reader)
    return
  }
  const like = as('Like', one)
  if (like !== undefined) return noteLike(like, reader, place)
  const isNull = one['IsNull']
  if (isNull !== undefined) return noteTerm(isNull, 'equal', reader, place)
  const match = as('MatchAgainst', one)
  if (match !== undefined) noteMatch(match, reader, place)
}

function noteComparison(
  { op, left, right }: { op: string; left: unknown; right: unknown },
  reader: Reader,
  place: Place,
): void {
  if (op === 'Eq' || op === 'Spaceship') {
    noteEqual(left, right, reader, place)
    return
  }
  if (!ranges.has(op)) return
  const [lefts, rights] = [members(left), members(right)]
  // Of rows that are compared the first column makes the range.
  if (!isKnown(rights[0], reader)) noteRange(lefts[0], reader, place)
  if (!isKnown(lefts[0], reader)) noteRange(rights[0], reader, place)
  const isAbove = op.startsWith('Gt')
  for (const each of lefts.length > 1 ? [...lefts, ...rights] : []) {
    const number = parameterOf(each)
    if (number !== undefined) reader.pages.add(number)
  }
  for (const [at, each] of rights.entries())
    noteParameter(each, lefts[at], isAbove ? 'above' : 'below', reader)
  for (const [at, each] of lefts.entries())
    noteParameter(each, rights[at], isAbove ? 'below' : 'above', reader)
}

/** A column of this part of the statement: what is compared with one is no range of it. */
const isKnown = (value: unknown, { scope }: Reader): boolean => {
  const found = columnIn(value, scope)
  return found?.use !== undefined && !found.isOuter
}

/** `(a, b)` to its parts. */
function members(value: unknown): unknown[] {
  const tuple = node(bare(value))['Tuple']
  return Array.isArray(tuple) ? tuple : [value]
}

function noteEqual(left: unknown, right: unknown, reader: Reader, place: Place): void {
  const [lefts, rights] = [members(left), members(right)]
  for (const [at, one] of lefts.entries()) {
    const other = rights[at]
    const [a, b] = [columnIn(one, reader.scope), columnIn(other, reader.scope)]
    if (a?.use && a.column && b?.use && b.column)
      reader.links.push([
        { table: a.use.table, name: a.column.name },
        { table: b.use.table, name: b.column.name },
      ])
    noteSide(a, one, b, other, reader, place)
    if (other !== undefined) noteSide(b, other, a, one, reader, place)
  }
}

/** One side of an equality: a key, by a value, or by a column of another table. */
function noteSide(
  found: Found | undefined,
  value: unknown,
  other: Found | undefined,
  otherValue: unknown,
  reader: Reader,
  place: Place,
): void {
  if (found?.use !== undefined && found.column !== undefined) {
    if (found.isOuter || other?.use === found.use) return
    const isJoin = other !== undefined || holdsColumn(otherValue, reader)
    place(found.use)[isJoin ? 'joined' : 'equal'].push(termOf(found.column))
    noteParameter(otherValue, value, 'equal', reader)
    return
  }
  noteExpression(value, reader, use => place(use).equal)
  noteParameter(otherValue, value, 'equal', reader)
}

function holdsColumn(value: unknown, { scope }: Reader): boolean {
  return (
    isNode(value) && (expressionIn(value, scope) !== undefined || value['Subquery'] !== undefined)
  )
}

function noteRange(value: unknown, reader: Reader, place: Place): void {
  const found = columnIn(value, reader.scope)
  if (found === undefined) return noteExpression(value, reader, use => place(use).range)
  if (found.use && found.column && !found.isOuter) place(found.use).range.push(termOf(found.column))
}

function noteTerm(value: unknown, kind: 'equal' | 'range', reader: Reader, place: Place): void {
  const found = columnIn(value, reader.scope)
  if (found?.use && found.column && !found.isOuter)
    place(found.use)[kind].push(termOf(found.column))
}

/** A function over a column: a key of MySQL 8's, and none of MariaDB's. */
function noteExpression(
  value: unknown,
  { scope, isMariaDb }: Reader,
  list: (use: Use) => { push(term: { sql: string; columns: readonly string[] }): unknown },
): void {
  const found = expressionIn(value, scope)
  if (found === undefined || columnIn(value, scope) !== undefined) return
  if (isMariaDb)
    found.use.unserved.push(
      `${found.term.sql.slice(1, -1)} is no column, and MariaDB has no index of an expression: add a generated column of it, an index on that, and ask for that column`,
    )
  else list(found.use).push(found.term)
}

function noteLike(like: Node, reader: Reader, place: Place): void {
  if (like['negated'] === true) return
  const pattern = stringOf(like['pattern'])
  if (pattern !== undefined && !/^[%_]/.test(pattern)) return noteRange(like['expr'], reader, place)
  noteParameter(like['pattern'], like['expr'], 'pattern', reader)
  const found = columnIn(like['expr'], reader.scope)
  if (pattern !== undefined && found?.use && found.column && !found.isOuter)
    found.use.unserved.push(
      `${found.column.name} like '%...' is found by no key that begins with the text; a FULLTEXT index finds words of it, by MATCH ... AGAINST`,
    )
}

function noteMatch(match: Node, { scope, parameters }: Reader, place: Place): void {
  const columns = (Array.isArray(match['columns']) ? match['columns'] : []).map(each =>
    columnIn(
      list(each).length === 1
        ? list(each)[0]
        : { CompoundIdentifier: list(each).map(part => part['Identifier']) },
      scope,
    ),
  )
  const [first] = columns
  if (!first?.use || !columns.every(one => one?.use === first.use && one?.column !== undefined))
    return
  const names = columns.flatMap(one => one?.column?.name ?? [])
  // One key of several columns: they are named together, and only together.
  place(first.use).special.push({
    method: 'fulltext',
    term: {
      sql: names.map(name => termOf({ ...first.column!, name, type: '' }).sql).join(', '),
      columns: names,
    },
  })
  const number = parameterOf({ Value: { value: node(match['match_value'])['value'] } })
  if (number !== undefined && first.column)
    parameters.set(number, { how: 'holds', table: first.use.table, column: first.column })
}

/** What a parameter is compared with: by this a sample of its values is chosen. */
function noteParameter(
  value: unknown,
  compared: unknown,
  how: ParameterUse['how'],
  { scope, parameters }: Reader,
  isList = false,
): void {
  const number = parameterOf(value)
  if (number === undefined) return
  const found = columnIn(compared, scope)
  const within = found === undefined ? expressionIn(compared, scope) : undefined
  const use = found?.use ?? within?.use
  const column = found?.column ?? use?.table.columns.get(within?.term.columns[0] ?? '')
  parameters.set(number, {
    how,
    ...(use === undefined || column === undefined ? {} : { table: use.table, column }),
    ...(within === undefined ? {} : { isWithin: true }),
    ...(isList ? { isList: true } : {}),
  })
}

/** The arms of an OR, each with what it asks; of one column alone they are a list of values. */
function noteArms(values: readonly unknown[], reader: Reader): void {
  const arms = values.flatMap(flattened)
  for (const arm of arms) {
    const own = new Map<Use, Conditions>()
    noteConditions(arm, reader, use => {
      const conditions = own.get(use) ?? noConditions()
      own.set(use, conditions)
      return conditions
    })
    for (const [use, conditions] of own) use.arms.push(conditions)
  }
}

function flattened(value: unknown): unknown[] {
  const both = binary(value)
  return both?.op === 'Or' ? [...flattened(both.left), ...flattened(both.right)] : [value]
}
