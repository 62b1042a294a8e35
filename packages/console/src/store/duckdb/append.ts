import {
  DOUBLE,
  LIST,
  listValue,
  type DuckDBAppender,
  type DuckDBConnection,
} from '@duckdb/node-api'
import type { BatchRows, CounterRow, PointRow, SpanRow } from '../encode.js'
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
  await appendRows(
    connection,
    'spans',
    batches.flatMap(b => b.spans),
    (to, row: SpanRow) => {
      to.appendVarchar(row.traceId)
      to.appendVarchar(row.spanId)
      text(to, row.parentId)
      to.appendInteger(dictionary.source(row.service, row.instance))
      to.appendVarchar(row.name)
      to.appendUTinyInt(row.kind)
      to.appendBigInt(row.startNs)
      to.appendBigInt(BigInt(row.durationNs))
      to.appendUTinyInt(row.status)
      to.appendVarchar(row.attributes)
      text(to, row.links)
      to.appendBoolean(row.entry)
      text(to, row.route)
      if (row.statusCode === null) to.appendNull()
      else to.appendInteger(row.statusCode)
    },
  )
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

function text(to: DuckDBAppender, value: string | null): void {
  if (value === null) to.appendNull()
  else to.appendVarchar(value)
}

function double(to: DuckDBAppender, value: number | null): void {
  if (value === null) to.appendNull()
  else to.appendDouble(value)
}
