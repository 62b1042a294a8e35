import type { Catalog, Column, ForeignKey, Index, Table } from './catalog.js'
import {
  columnsSql,
  databaseSql,
  foreignKeysSql,
  indexesSql,
  lockedSql,
  resolveSql,
  tablesSql,
  takenSql,
} from './catalog-sql.js'
import { quoted } from './names.js'
import { parseOne, tablesIn } from './tree.js'

/** Rows of a question, as objects. */
export type Rows = (
  sql: string,
  values?: readonly unknown[],
) => Promise<readonly Record<string, unknown>[]>

export interface Named {
  readonly schema?: string
  readonly name: string
}

/** Views in views in views: deeper nobody writes by hand. */
const mostRounds = 5
/** More tables than this a workload does not name; a list that is longer is cut, and the answer is smaller. */
export const mostTables = 500

/**
 * Reads of the catalog what these names need: the tables, what views among them stand on, and the tables at the
 * other end of foreign keys. Never the whole catalog: a database may have ten thousand tables.
 */
export async function readCatalog(rows: Rows, wanted: readonly Named[]): Promise<Catalog> {
  const [facts = {}] = await rows(databaseSql)
  const resolved = new Map<string, number>()
  const tables = new Map<number, Table>()
  let open = wanted.slice(0, mostTables)
  for (let round = 0; round < mostRounds && open.length > 0; round++) {
    const texts = open.map(({ schema, name }) => keyOf(schema, name))
    const found = await rows(resolveSql, [texts, open.map(({ schema = '' }) => schema)])
    for (const { ord, oid } of found) resolved.set(texts[Number(ord) - 1] ?? '', Number(oid))
    const oids = [...new Set(resolved.values())].filter(oid => !tables.has(oid))
    for (const table of await tablesOf(rows, oids)) tables.set(table.oid, table)
    open = [...tables.values()]
      .flatMap(({ query }) => (query === undefined ? [] : namesIn(query)))
      .filter(({ schema, name }) => !resolved.has(keyOf(schema, name)))
  }
  // Deletes of a parent look for its rows in the tables that refer to it.
  const others = [...tables.values()]
    .flatMap(({ referredBy }) => referredBy.map(key => key.table))
    .filter(oid => !tables.has(oid))
  for (const table of await tablesOf(rows, [...new Set(others)].slice(0, mostTables)))
    tables.set(table.oid, table)
  const all = [...tables.values()]
  const schemas = new Set(
    all.flatMap(({ schema, branches }) => [schema, ...branches.map(b => b.schema)]),
  )
  const taken = await rows(takenSql, [[...schemas]])
  return {
    find(schema, name) {
      const oid = resolved.get(keyOf(schema, name))
      if (oid !== undefined) return tables.get(oid)
      return all.find(
        t => t.name === name && (schema === undefined ? t.isVisible : t.schema === schema),
      )
    },
    tables: all,
    taken: new Set(taken.map(({ schema, name }) => `${String(schema)}.${String(name)}`)),
    isC: facts['isC'] === true,
    version: Number(facts['version'] ?? 0),
    extensions: new Set((facts['extensions'] as string[] | undefined) ?? []),
    isStandby: facts['isStandby'] === true,
    statsDays: facts['statsDays'] == null ? undefined : Number(facts['statsDays']),
    followers: Number(facts['followers'] ?? 0),
  }
}

const keyOf = (schema: string | undefined, name: string): string =>
  schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`

function namesIn(query: string): Named[] {
  const parsed = parseOne(query)
  return typeof parsed === 'string' ? [] : tablesIn(parsed.tree)
}

async function tablesOf(rows: Rows, wanted: readonly number[]): Promise<Table[]> {
  if (wanted.length === 0) return []
  // What somebody has locked, the functions of the catalog wait for too: it is left out, and its statements fail alone.
  const locked = new Set((await rows(lockedSql, [wanted])).map(({ oid }) => Number(oid)))
  const oids = wanted.filter(oid => !locked.has(oid))
  const values = [oids]
  const found = await rows(tablesSql, values)
  const columns = groupBy(await rows(columnsSql, values), 'oid')
  const indexes = groupBy(await rows(indexesSql, values), 'table')
  const keys = (await rows(foreignKeysSql, values)).map(
    key =>
      ({
        ...key,
        table: Number(key['table']),
        references: Number(key['references']),
      }) as unknown as ForeignKey,
  )
  return found.map(row => {
    const oid = Number(row['oid'])
    const count = Number(row['rows'] ?? -1)
    const own = (columns.get(oid) ?? []).map(column => columnOf(column, count))
    return {
      oid,
      schema: String(row['schema']),
      name: String(row['name']),
      kind: String(row['kind']),
      isVisible: row['isVisible'] === true,
      ...(row['query'] == null ? {} : { query: String(row['query']) }),
      rows: count,
      pages: Number(row['pages'] ?? 0),
      leaves: (row['leaves'] as Table['leaves'] | undefined) ?? [],
      branches: (row['branches'] as Table['branches'] | undefined) ?? [],
      isPartition: row['isPartition'] === true,
      columns: new Map(own.map(column => [column.name, column])),
      indexes: (indexes.get(oid) ?? []).map(indexOf),
      foreignKeys: keys.filter(({ table }) => table === oid),
      referredBy: keys.filter(({ references }) => references === oid),
      written: {
        inserts: Number(row['inserts'] ?? 0),
        updates: Number(row['updates'] ?? 0),
        hot: Number(row['hot'] ?? 0),
        deletes: Number(row['deletes'] ?? 0),
        vacuums: Number(row['vacuums'] ?? 0),
      },
    }
  })
}

function columnOf(row: Record<string, unknown>, rows: number): Column {
  const distinct = Number(row['distinct'])
  return {
    ...(row as unknown as Column),
    distinct: distinct < 0 ? -distinct * Math.max(rows, 1) : distinct,
  }
}

function indexOf(row: Record<string, unknown>): Index {
  return {
    ...(row as unknown as Index),
    oid: Number(row['oid']),
    where: row['where'] == null ? undefined : String(row['where']),
    age: {
      pages: Number(row['pages']),
      touched: Number(row['touched']),
      madeDays: Number(row['madeDays']),
    },
  }
}

function groupBy(
  rows: readonly Record<string, unknown>[],
  key: string,
): Map<number, Record<string, unknown>[]> {
  const groups = new Map<number, Record<string, unknown>[]>()
  for (const row of rows) {
    const id = Number(row[key])
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [row])
    else group.push(row)
  }
  return groups
}
