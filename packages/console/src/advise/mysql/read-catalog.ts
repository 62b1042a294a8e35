import type { Catalog, Column, ForeignKey, Index, Table } from '../catalog.js'
import { mostTables } from '../read-catalog.js'
import type { Row, Session } from './session.js'
import { readableName } from './text.js'
import { noteSizes, type Usage, usageOf } from './usage.js'

export interface Named {
  readonly schema: string | undefined
  readonly name: string
}

/** What the servers of this kind tell beyond the catalog that all have. */
export interface MySqlCatalog extends Catalog {
  readonly isMariaDb: boolean
  /** The server's own figures of how often indexes were used; `off` where it keeps none. */
  readonly usage: Usage['source']
  /** Tables of which it has counted anything: of others it says nothing. */
  readonly counted: ReadonlySet<Table>
}

/** Reads the tables that these names may mean, by questions to information_schema: the rights of a reader do. */
export async function readCatalog(
  session: Session,
  wanted: readonly Named[],
): Promise<MySqlCatalog> {
  const names = unique(wanted.map(({ schema, name }) => [schema ?? session.schema, name])).slice(
    0,
    mostTables,
  )
  const referring = await referencesOf(session, [...new Set(names.map(([schema = '']) => schema))])
  const tables: Table[] = []
  for (const [schema = '', name = ''] of names)
    tables.push(...(await asked(session, schema, name, referring ?? [])))
  await noteSizes(session, tables)
  const { source, days, isReplica, counted } = await usageOf(session, tables)
  return {
    find: (schema, name) => {
      const key = keyOf(schema ?? session.schema, name)
      return tables.find(
        one =>
          keyOf(one.schema, one.name) === key ||
          keyOf(one.schema, one.name).toLowerCase() === key.toLowerCase(),
      )
    },
    tables,
    taken: new Set(
      tables.flatMap(({ schema, name, indexes }) =>
        indexes.map(index => `${schema}.${name}.${index.name}`.toLowerCase()),
      ),
    ),
    isC: false,
    version: session.version,
    extensions: new Set(),
    isStandby: isReplica,
    statsDays: source === 'off' ? undefined : days,
    followers: 0,
    isMariaDb: session.isMariaDb,
    // Without them an index may be a foreign key's of a table that is not known.
    usage: referring === undefined ? 'off' : source,
    counted,
  }
}

const keyOf = (schema: string, name: string): string => `${schema}.${name}`

const unique = (names: readonly (readonly string[])[]): string[][] => [
  ...new Map(names.map(name => [JSON.stringify(name), [...name]])).values(),
]

/** Foreign keys of these databases; undefined where there are so many tables that the server does not tell in time. */
async function referencesOf(
  session: Session,
  schemas: readonly string[],
): Promise<Row[] | undefined> {
  const all: Row[] = []
  try {
    for (const schema of schemas) all.push(...(await session.rows(keysSql, [schema])))
    return all
  } catch (error) {
    if (session.isLost) throw error
    return undefined
  }
}

const keysSql = `select constraint_name as name, table_schema as s, table_name as t, column_name as col,
  referenced_table_schema as rs, referenced_table_name as rt, referenced_column_name as rc
  from information_schema.key_column_usage where table_schema = ? and referenced_table_name is not null
  order by ordinal_position`

/** One table at a time: with a list of names the server would open each table that it has. */
async function asked(
  session: Session,
  schema: string,
  name: string,
  referring: readonly Row[],
): Promise<Table[]> {
  const about = (columns: string, from: string, order = ''): Promise<Row[]> =>
    session.rows(
      `select table_schema as s, table_name as t, ${columns} from information_schema.${from}
       where table_schema = ? and table_name = ?${order}`,
      [schema, name],
    )
  const [table] = await about(
    'table_type as type, table_rows as n, data_length as bytes, engine as engine, timestampdiff(second, create_time, now()) as age',
    'tables',
  )
  if (table === undefined) return []
  const of = ({ s, t }: Row): boolean => s === table['s'] && t === table['t']
  const isView = /VIEW/.test(String(table['type']))
  const [view] = isView ? await about('view_definition as query', 'views') : []
  return [
    tableOf(session, table, idOf(String(table['s']), String(table['t'])), {
      columns: await about(
        'column_name as name, ordinal_position as number, column_type as type, data_type as kind, is_nullable as nullable, character_maximum_length as length',
        'columns',
        ' order by ordinal_position',
      ),
      indexes: await about(
        `index_name as name, non_unique as repeats, column_name as col, cardinality as distinct_values, sub_part as part, collation as way, index_type as type${session.isMariaDb ? '' : ', expression as expression'}`,
        'statistics',
        ' order by index_name, seq_in_index',
      ),
      keys: referring.filter(of),
      referring: referring.filter(({ rs, rt }) => of({ s: rs, t: rt })),
      query: view?.['query'],
    }),
  ]
}

/** Tables have no number here; by their names they get one that stays. */
const numbers = new Map<string, number>()
function idOf(schema: string, name: string): number {
  const key = keyOf(schema, name)
  const number = numbers.get(key) ?? numbers.size + 1
  numbers.set(key, number)
  return number
}

interface Parts {
  readonly columns: readonly Row[]
  readonly indexes: readonly Row[]
  readonly keys: readonly Row[]
  readonly referring: readonly Row[]
  readonly query: unknown
}

/** InnoDB's. */
const pageBytes = 16_384

function tableOf(session: Session, row: Row, oid: number, parts: Parts): Table {
  const schema = String(row['s'])
  const rows = row['n'] === null ? -1 : Number(row['n'])
  const list = indexesOf(schema, parts.indexes)
  const columns = parts.columns.map(one => columnOf(one, Math.max(0, rows), parts.indexes))
  const isView = /VIEW/.test(String(row['type']))
  return {
    oid,
    schema,
    name: String(row['t']),
    kind: isView ? 'v' : String(row['engine']) === 'InnoDB' ? 'r' : 'f',
    isVisible: schema === session.schema,
    ...(isView && typeof parts.query === 'string' ? { query: parts.query } : {}),
    rows,
    pages: Math.ceil(Number(row['bytes'] ?? 0) / pageBytes),
    leaves: [],
    branches: [],
    isPartition: false,
    columns: new Map(columns.map(one => [one.name, one])),
    indexes: list,
    foreignKeys: keysOf(parts.keys),
    referredBy: keysOf(parts.referring),
    written: { inserts: 0, updates: 0, hot: 0, deletes: 0 },
    // MariaDB's is the time of the last ALTER, which is what makes an index; of MySQL's nobody has looked.
    ...(session.isMariaDb && row['age'] !== null
      ? { unalteredDays: Number(row['age']) / 86_400 }
      : {}),
  }
}

function keysOf(rows: readonly Row[]): ForeignKey[] {
  const byName = new Map<string, Row[]>()
  for (const row of rows) {
    const key = JSON.stringify([row['s'], row['t'], row['name']])
    byName.set(key, [...(byName.get(key) ?? []), row])
  }
  return [...byName.values()].flatMap(([first, ...rest]) =>
    first === undefined
      ? []
      : [
          {
            name: String(first['name']),
            table: idOf(String(first['s']), String(first['t'])),
            columns: [first, ...rest].map(row => String(row['col'])),
            references: idOf(String(first['rs']), String(first['rt'])),
            keys: [first, ...rest].map(row => String(row['rc'])),
          },
        ],
  )
}

function indexesOf(schema: string, rows: readonly Row[]): Index[] {
  const byName = new Map<string, Row[]>()
  for (const row of rows) {
    const name = String(row['name'])
    byName.set(name, [...(byName.get(name) ?? []), row])
  }
  return [...byName].map(([name, parts]) => {
    const keys = parts.map(
      ({ col, part, expression }) =>
        `${col === null ? `(${String(expression)})` : String(col)}${part === null ? '' : `(${Number(part)})`}`,
    )
    const order = parts.map(({ way }) => (way === 'D' ? 'DESC' : ''))
    const type = String(parts[0]?.['type']).toLowerCase()
    const isUnique = Number(parts[0]?.['repeats']) === 0
    return {
      oid: 0,
      schema,
      name,
      method: type,
      keys,
      include: [],
      where: undefined,
      definition: `(${keys.map((key, at) => `${shownKey(key)}${order[at] === '' ? '' : ' DESC'}`).join(', ')})`,
      isUnique,
      isPrimary: name === 'PRIMARY',
      isExclusion: false,
      isConstraint: isUnique,
      isReplicaIdentity: false,
      isValid: true,
      isBeingBuilt: false,
      isAttached: false,
      scans: 0,
      bytes: 0,
      order,
    }
  })
}

const shownKey = (key: string): string => {
  const [, name = key, part = ''] = /^(.*?)(\(\d+\))?$/.exec(key) ?? []
  return key.startsWith('(') ? key : readableName(name) + part
}

function columnOf(row: Row, rows: number, indexes: readonly Row[]): Column {
  const name = String(row['name'])
  const kind = String(row['kind']).toLowerCase()
  // Of a key that begins with it the server has counted the values.
  const counted = indexes.find(
    (one, at) =>
      one['col'] === name &&
      one['distinct_values'] !== null &&
      indexes.findIndex(other => other['name'] === one['name']) === at,
  )
  const length = Number(row['length'] ?? 0)
  return {
    name,
    number: Number(row['number']),
    type: String(row['type']),
    category: categoryOf(kind),
    isNotNull: row['nullable'] === 'NO',
    hasStats: false,
    width: widths[kind] ?? (length > 0 ? Math.min(length, 255) / 2 : 8),
    distinct: counted === undefined ? 0 : Math.min(rows, Number(counted['distinct_values'])),
    nulls: 0,
    correlation: 0,
    common: [],
    frequencies: [],
    bounds: [],
    elements: [],
  }
}

const widths: Readonly<Record<string, number>> = {
  tinyint: 1,
  smallint: 2,
  mediumint: 3,
  int: 4,
  bigint: 8,
  float: 4,
  double: 8,
  decimal: 5,
  date: 3,
  datetime: 5,
  timestamp: 4,
  time: 3,
  year: 1,
  enum: 1,
  set: 2,
  bit: 1,
  uuid: 16,
}

function categoryOf(kind: string): string {
  if (/int$|^(?:decimal|float|double|year|bit)$/.test(kind)) return 'N'
  if (/^(?:date|datetime|timestamp|time)$/.test(kind)) return 'D'
  if (/char$|text$|^(?:enum|set|uuid|inet[46])$/.test(kind)) return 'S'
  return 'U'
}
