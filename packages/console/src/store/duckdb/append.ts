import {
  DOUBLE,
  LIST,
  listValue,
  type DuckDBAppender,
  type DuckDBConnection,
} from '@duckdb/node-api'
import type { BatchRows, CounterRow, PointRow } from '../encode.js'
import type { SpanTable, SpanText } from '../span-table.js'
import type { Dictionary } from './dictionary.js'

const listOfDoubles = LIST(DOUBLE)

/**
 * Appends rows inside the caller's transaction. Measured on two cores, batches of 5,000 spans, a
 * commit each: the appender writes 106,000 spans a second, prepared inserts 9,000.
 */
export async function append(
  connection: DuckDBConnection,
  dictionary: Dictionary,
  batches: readonly BatchRows[],
): Promise<void> {
  await appendSpans(connection, dictionary, batches)
  await appendRows(
    connection,
    'points',
    batches.flatMap(b => b.points),
    (to, row: PointRow) => {
      to.appendInteger(dictionary.series(row.metric, row.service, row.attributes, row.sampled))
      to.appendInteger(dictionary.source(row.service, row.instance))
      to.appendBigInt(row.startNs)
      to.appendBigInt(row.endNs)
      to.appendDouble(row.count)
      to.appendDouble(row.sum)
      double(to, row.min)
      double(to, row.max)
      to.appendTinyInt(row.scale)
      to.appendDouble(row.zeroCount)
      to.appendInteger(row.offset)
      to.appendList(listValue([...row.buckets]), listOfDoubles)
    },
  )
  const number = (to: DuckDBAppender, row: CounterRow): void => {
    to.appendInteger(dictionary.series(row.metric, row.service, row.attributes, false))
    to.appendInteger(dictionary.source(row.service, row.instance))
    to.appendBigInt(row.startNs)
    to.appendBigInt(row.endNs)
    to.appendDouble(row.value)
  }
  const counters = batches.flatMap(b => b.counters)
  await appendRows(connection, 'counters', counters, number)
  const gauges = batches.flatMap(b => b.gauges)
  await appendRows(connection, 'gauges', gauges, number)
  for (const each of batches.flatMap(b => b.processes)) dictionary.describe(each)
}

async function appendSpans(
  connection: DuckDBConnection,
  dictionary: Dictionary,
  batches: readonly BatchRows[],
): Promise<void> {
  const spans: Row[] = []
  const entries: Row[] = []
  for (const { spans: table } of batches) {
    const sources = table.texts.map(({ service, instance }) => dictionary.source(service, instance))
    for (let row = 0; row < table.count; row++) {
      const said = table.says[row] as number
      const text = table.texts[said] as SpanText
      const each = { table, row, text, source: sources[said] as number }
      spans.push(each)
      if (text.entry) entries.push(each)
    }
  }
  await appendRows(connection, 'spans', spans, (to, { table, row, text, source }: Row) => {
    identify(to, table, row)
    to.appendInteger(source)
    to.appendVarchar(text.name)
    to.appendUTinyInt(text.kind)
    to.appendBigInt(table.startNs[row] as bigint)
    to.appendBigInt(BigInt(table.durationNs[row] as number))
    to.appendUTinyInt(text.status)
    to.appendVarchar(text.attributes)
    textOrNull(to, table.links.get(row) ?? null)
  })
  await appendRows(connection, 'entries', entries, (to, { table, row, text, source }: Row) => {
    identify(to, table, row)
    to.appendInteger(source)
    to.appendBigInt(table.startNs[row] as bigint)
    to.appendBigInt(BigInt(table.durationNs[row] as number))
    to.appendUTinyInt(text.status)
    textOrNull(to, text.route)
    if (text.statusCode === null) to.appendNull()
    else to.appendInteger(text.statusCode)
  })
}

interface Row {
  readonly table: SpanTable
  readonly row: number
  readonly text: SpanText
  readonly source: number
}

function identify(to: DuckDBAppender, { ids }: SpanTable, row: number): void {
  to.appendUBigInt(ids[4 * row] as bigint)
  to.appendUBigInt(ids[4 * row + 1] as bigint)
  to.appendUBigInt(ids[4 * row + 2] as bigint)
  const parent = ids[4 * row + 3] as bigint
  if (parent === 0n) to.appendNull()
  else to.appendUBigInt(parent)
}

async function appendRows<T>(
  connection: DuckDBConnection,
  table: string,
  rows: readonly T[],
  write: (to: DuckDBAppender, row: T) => void,
): Promise<void> {
  if (rows.length === 0) return
  const appender = await connection.createAppender(table)
  try {
    for (const row of rows) {
      write(appender, row)
      appender.endRow()
    }
  } catch (error) {
    // Without this, closing would write the rows before the one that failed.
    appender.clear()
    appender.closeSync()
    throw error
  }
  appender.closeSync()
}

function textOrNull(to: DuckDBAppender, value: string | null): void {
  if (value === null) to.appendNull()
  else to.appendVarchar(value)
}

function double(to: DuckDBAppender, value: number | null): void {
  if (value === null) to.appendNull()
  else to.appendDouble(value)
}
