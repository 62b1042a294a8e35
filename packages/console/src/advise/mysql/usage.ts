import type { Index, Table } from '../catalog.js'
import type { Row, Session } from './session.js'

/** What the server knows of how often indexes were used. */
export interface Usage {
  /** By what it counts; `off` where it counts nothing, or tells this user nothing. */
  readonly source: 'performance_schema' | 'userstat' | 'off'
  /** Since when. */
  readonly days: number | undefined
  readonly isReplica: boolean
  readonly counted: ReadonlySet<Table>
}

/** Notes the bytes of indexes, where this user may see them. */
export async function noteSizes(session: Session, tables: readonly Table[]): Promise<void> {
  const rows = await optional(
    session,
    `select database_name as s, table_name as t, index_name as i, stat_value * @@innodb_page_size as bytes
     from mysql.innodb_index_stats where stat_name = 'size'`,
  )
  for (const row of rows) note(tables, row, { bytes: Number(row['bytes']) })
}

const questions = {
  performance_schema: `select object_schema as s, object_name as t, index_name as i, count_star as n
    from performance_schema.table_io_waits_summary_by_index_usage where count_star > 0`,
  userstat: `select table_schema as s, table_name as t, index_name as i, rows_read as n
    from information_schema.index_statistics
    union all select table_schema, table_name, null, rows_read + rows_changed from information_schema.table_statistics`,
} as const

/** Notes how often indexes were used. */
export async function usageOf(session: Session, tables: readonly Table[]): Promise<Usage> {
  const [variables] = await session.rows(
    `select @@performance_schema as ps${session.isMariaDb ? ', @@userstat as us' : ''}`,
  )
  const isOn = (value: unknown): boolean => String(value) === '1' || value === 'ON'
  const source = isOn(variables?.['ps'])
    ? 'performance_schema'
    : isOn(variables?.['us'])
      ? 'userstat'
      : undefined
  const uses = source === undefined ? [] : await optional(session, questions[source])
  const counted = new Set<Table>()
  for (const row of uses) {
    const table = tableOf(tables, row)
    if (table !== undefined && Number(row['n']) > 0) counted.add(table)
    note(tables, row, { scans: Number(row['n']) })
  }
  const replica = await optional(
    session,
    session.isMariaDb ? 'show all slaves status' : 'show replica status',
  )
  return {
    source: source === undefined || uses.length === 0 ? 'off' : source,
    days: await daysUp(session),
    isReplica: replica.length > 0,
    counted,
  }
}

/** Since the server came up, or its counts were set back. */
async function daysUp(session: Session): Promise<number | undefined> {
  const rows = await optional(
    session,
    `show global status where variable_name in ('Uptime', 'Uptime_since_flush_status')`,
  )
  const seconds = Math.min(...rows.map(row => Number(row['Value'])))
  return Number.isFinite(seconds) ? seconds / 86_400 : undefined
}

/** What a server may not have, or not tell this user. */
async function optional(session: Session, sql: string): Promise<Row[]> {
  try {
    return await session.rows(sql)
  } catch (error) {
    if (session.isLost) throw error
    return []
  }
}

const tableOf = (tables: readonly Table[], { s, t }: Row): Table | undefined =>
  tables.find(({ schema, name }) => schema === s && name === t)

function note(tables: readonly Table[], row: Row, fields: Partial<Index>): void {
  const index = tableOf(tables, row)?.indexes.find(({ name }) => name === row['i'])
  if (index !== undefined) Object.assign(index, fields)
}
