import type { Column, Table } from '../catalog.js'
import type { Term, Use } from '../uses.js'
import { as, isNode, list, node, type Node } from '../tree.js'
import { bare, binary, columnParts, stringOf } from './tree.js'
import { readableName } from './text.js'

/** A thing that FROM names: a table, or rows of something else, of which nothing is known. */
export interface Source {
  /** In lower case. */
  readonly alias: string
  readonly use?: Use
}

/** What names may mean in a part of a statement. */
export interface Scope {
  readonly sources: readonly Source[]
  readonly outer?: Scope
  /** `AS` of the list that is selected, in lower case. */
  readonly aliases: Map<string, unknown>
}

export interface Found {
  readonly source: Source
  readonly use: Use | undefined
  readonly column: Column | undefined
  readonly isOuter: boolean
}

/** The column that an expression is; undefined where it is none that is known. */
export function columnIn(value: unknown, scope: Scope): Found | undefined {
  const parts = columnParts(bare(value))
  const name = parts?.at(-1)
  if (parts === undefined || name === undefined) return undefined
  const alias = parts.at(-2)?.toLowerCase()
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const isOuter = at !== scope
    for (const source of at.sources) {
      if (alias !== undefined && source.alias !== alias) continue
      const column = source.use === undefined ? undefined : columnNamed(source.use.table, name)
      if (column !== undefined || (alias !== undefined && source.use === undefined))
        return { source, use: source.use, column, isOuter }
    }
  }
  return undefined
}

export function columnNamed(table: Table, name: string): Column | undefined {
  const exact = table.columns.get(name)
  if (exact !== undefined) return exact
  const lower = name.toLowerCase()
  return [...table.columns.values()].find(one => one.name.toLowerCase() === lower)
}

/** Where a text or blob is a key, so many of its characters are: an index takes no whole one. */
export const prefixLength = 32

/** A column as a key. */
export function termOf({ name, type }: Column): Term {
  const isLong =
    /^(?:tiny|medium|long)?(?:text|blob)|^var(?:char|binary)\((?:7[7-9]\d|[89]\d\d|\d{4,})\)/.test(
      type,
    )
  return {
    sql: `${readableName(name)}${isLong ? `(${prefixLength})` : ''}`,
    column: name,
    columns: [name],
  }
}

/** An expression over the columns of one table, as MySQL 8 takes it for a key; its table and text. */
export function expressionIn(value: unknown, scope: Scope): { use: Use; term: Term } | undefined {
  const uses = new Set<Use>()
  const columns = new Set<string>()
  const text = textOf(value, found => {
    if (found.use === undefined || found.column === undefined) return undefined
    uses.add(found.use)
    columns.add(found.column.name)
    return readableName(found.column.name)
  })
  const [use] = uses
  return text === undefined || use === undefined || uses.size > 1 || columns.size === 0
    ? undefined
    : { use, term: { sql: `(${text})`, columns: [...columns] } }

  function textOf(value: unknown, named: (found: Found) => string | undefined): string | undefined {
    const one = bare(value)
    if (columnParts(one) !== undefined) {
      const found = columnIn(one, scope)
      return found === undefined ? undefined : named(found)
    }
    const string = stringOf(one)
    if (string !== undefined) return `'${string.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    const number = node(node(as('Value', one))['value'])['Number']
    if (Array.isArray(number)) return String(number[0])
    const call = as('Function', one)
    if (call !== undefined && call['over'] == null) {
      const texts = argumentsOf(call).map(each => textOf(each, named))
      const name = list(call['name'])
        .map(part => String(node(part['Identifier'])['value']))
        .join('.')
      return texts.every(each => each !== undefined)
        ? `${name.toLowerCase()}(${texts.join(', ')})`
        : undefined
    }
    const both = binary(one)
    const sign = both === undefined ? undefined : signs[both.op]
    if (both === undefined || sign === undefined) return undefined
    const [left, right] = [textOf(both.left, named), textOf(both.right, named)]
    return left === undefined || right === undefined ? undefined : `${left} ${sign} ${right}`
  }
}

const signs: Readonly<Record<string, string>> = {
  Plus: '+',
  Minus: '-',
  Multiply: '*',
  Arrow: '->',
  LongArrow: '->>',
}

/** The expressions that a function is called with. */
export function argumentsOf(call: Node): unknown[] {
  const args = node(as('List', call['args']))['args']
  return (Array.isArray(args) ? args : []).flatMap(arg => {
    const inner = isNode(arg) ? (arg['Unnamed'] ?? node(arg['Named'])['arg']) : undefined
    const expression = isNode(inner) ? inner['Expr'] : undefined
    return expression === undefined ? [] : [expression]
  })
}
