import type { RouteShare } from './advice.js'
import { tableName } from './candidate.js'
import { isSmall } from './candidates.js'
import type { Catalog } from './catalog.js'
import { quoted } from './names.js'
import { type Parsed, parseOne } from './tree.js'
import type { Write } from './writes.js'

/** A statement that nobody wrote. */
export interface LookUp {
  readonly text: string
  readonly shown: string
  readonly parsed: Parsed
  readonly calls: number
  readonly routes: readonly RouteShare[]
}

/**
 * What the server looks up by itself when rows of a parent are deleted, or their keys change: the rows that refer to
 * them. It shows in no plan.
 */
export function keyLookUps(catalog: Catalog, writes: readonly Write[]): LookUp[] {
  return writes.flatMap(({ table, kind, columns, rows, calls }) =>
    table.referredBy.flatMap(key => {
      const moves =
        kind === 'delete' || (kind === 'update' && key.keys.some(name => columns.includes(name)))
      const child = catalog.tables.find(({ oid }) => oid === key.table)
      if (!moves || child === undefined || isSmall(child)) return []
      const conditions = key.columns.map((name, at) => `${quoted(name)} = $${at + 1}`).join(' and ')
      const text = `select 1 from only ${tableName(child)} where ${conditions}`
      const parsed = parseOne(text)
      return typeof parsed === 'string'
        ? []
        : [
            {
              text,
              shown: `(foreign key ${key.name}) ${text}`,
              parsed,
              calls: rows * calls,
              routes: [],
            },
          ]
    }),
  )
}
