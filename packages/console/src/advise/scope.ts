import type { Found } from './conditions.js'
import { quoted } from './names.js'
import type { Use } from './uses.js'

/** What stands in FROM under one name: a table, or a query with columns of tables below it. */
export interface Source {
  readonly name: string
  readonly use?: Use
  readonly columns?: ReadonlyMap<string, Found | undefined>
}

export interface Scope {
  readonly sources: Source[]
  readonly outer?: Scope
  readonly queries: Map<string, ReadonlyMap<string, Found | undefined>>
}

/** A column as a term. */
export const columnTerm = (column: string) => ({ sql: quoted(column), column, columns: [column] })

/** Columns under the names that an alias gives them. */
export function renamed(
  given: ReadonlyMap<string, Found | undefined>,
  aliases: readonly string[],
): ReadonlyMap<string, Found | undefined> {
  if (aliases.length === 0) return given
  return new Map([...given].map(([name, found], at) => [aliases[at] ?? name, found]))
}

/** The columns of a CTE, of this query or one around it. */
export function queryNamed(
  name: string,
  scope: Scope | undefined,
): ReadonlyMap<string, Found | undefined> | undefined {
  return scope === undefined
    ? undefined
    : (scope.queries.get(name) ?? queryNamed(name, scope.outer))
}

export function columnsOf({ use, columns }: Source): ReadonlyMap<string, Found | undefined> {
  if (columns !== undefined) return columns
  if (use === undefined) return new Map()
  return new Map([...use.table.columns.keys()].map(column => [column, { use, column }]))
}

/** The column that a name means: of the nearest query that has it. */
export function resolve(path: readonly string[], scope: Scope | undefined): Found | undefined {
  const column = path.at(-1) ?? ''
  const of = path.at(-2)
  for (let at = scope; at !== undefined; at = at.outer) {
    for (const source of at.sources) {
      if (of !== undefined && source.name !== of) continue
      const known = columnsOf(source)
      if (known.has(column)) return known.get(column)
    }
  }
  return undefined
}
