import { tableName } from './candidate.js'
import { isSmall } from './candidates.js'
import type { Catalog } from './catalog.js'
import type { Read } from './entries.js'
import { quoted } from './names.js'
import { parseOne } from './tree.js'
import type { Write } from './writes.js'

/**
 * Statements that nobody wrote: what the server looks up by itself when rows of a parent are deleted, or their keys change: the rows that refer to
 * them. It shows in no plan.
 */
export function keyLookUps(catalog: Catalog, writes: readonly Write[]): Read[] {
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
