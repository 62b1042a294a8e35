import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBListValue,
  type DuckDBType,
  type DuckDBVector,
  listValue,
} from '@duckdb/node-api'
import type { BatchRows, CounterRow } from '../encode.js'
import type { SpanTable, SpanText } from '../span-table.js'
import type { Dictionary } from './dictionary.js'

/** What a column of these tables may hold. */
type Value = bigint | number | string | DuckDBListValue | null

/** Rows that DuckDB takes at a time: the size of its vectors. */
const chunkRows = 2_048

/**
 * Appends rows inside the caller's transaction, in chunks of columns: 3.4 us of processor time a span
 * with all that a commit costs, where value by value took 5.0 (groups of 4,000 spans, a busy machine).
 */
export async function append(
  connection: DuckDBConnection,
  dictionary: Dictionary,
  batches: readonly BatchRows[],
): Promise<void> {
  await appendSpans(connection, dictionary, batches)
  const points = batches.flatMap(batch => batch.points)
  await appendRows(connection, 'points', points.length, rows => {
    for (const point of points) {
      rows.put(dictionary.series(point.metric, point.service, point.attributes, point.sampled))
      rows.put(dictionary.source(point.service, point.instance))
      rows.put(point.startNs)
      rows.put(point.endNs)
      rows.put(point.count)
      rows.put(point.sum)
      rows.put(point.min)
      rows.put(point.max)
      rows.put(point.scale)
      rows.put(point.zeroCount)
      rows.put(point.offset)
      rows.put(listValue(point.buckets))
      rows.end()
    }
  })
  const appendNumbers = (table: string, numbers: readonly CounterRow[]): Promise<void> =>
    appendRows(connection, table, numbers.length, rows => {
      for (const { metric, service, instance, attributes, startNs, endNs, value } of numbers) {
        rows.put(dictionary.series(metric, service, attributes, false))
        rows.put(dictionary.source(service, instance))
        rows.put(startNs)
        rows.put(endNs)
        rows.put(value)
        rows.end()
      }
    })
  await appendNumbers(
    'counters',
    batches.flatMap(batch => batch.counters),
  )
  await appendNumbers(
    'gauges',
    batches.flatMap(batch => batch.gauges),
  )
  for (const each of batches.flatMap(batch => batch.processes)) dictionary.describe(each)
}

async function appendSpans(
  connection: DuckDBConnection,
  dictionary: Dictionary,
  batches: readonly BatchRows[],
): Promise<void> {
  const tables = batches.map(batch => batch.spans)
  // Of each text its source, in the order of the texts.
  const sources = tables.map(({ texts }) =>
    texts.map(({ service, instance }) => dictionary.source(service, instance)),
  )
  let [spans, entries] = [0, 0]
  for (const { count, says, texts } of tables) {
    spans += count
    for (let row = 0; row < count; row++) if (texts[says[row] as number]?.entry === true) entries++
  }
  await appendRows(connection, 'spans', spans, rows => {
    for (const [i, table] of tables.entries()) putSpans(rows, table, sources[i] ?? [])
  })
  await appendRows(connection, 'entries', entries, rows => {
    for (const [i, table] of tables.entries()) putEntries(rows, table, sources[i] ?? [])
  })
}

function putSpans(rows: Rows, table: SpanTable, sources: readonly number[]): void {
  const { count, startNs, durationNs, says, texts, links } = table
  for (let row = 0; row < count; row++) {
    const said = says[row] as number
    const text = texts[said] as SpanText
    putIds(rows, table, row)
    rows.put(sources[said] as number)
    rows.put(text.name)
    rows.put(text.kind)
    rows.put(startNs[row] as bigint)
    rows.put(BigInt(durationNs[row] as number))
    rows.put(text.status)
    rows.put(text.attributes)
    rows.put(links.size === 0 ? null : (links.get(row) ?? null))
    rows.end()
  }
}

function putEntries(rows: Rows, table: SpanTable, sources: readonly number[]): void {
  const { count, startNs, durationNs, says, texts } = table
  for (let row = 0; row < count; row++) {
    const said = says[row] as number
    const text = texts[said] as SpanText
    if (!text.entry) continue
    putIds(rows, table, row)
    rows.put(sources[said] as number)
    rows.put(startNs[row] as bigint)
    rows.put(BigInt(durationNs[row] as number))
    rows.put(text.status)
    rows.put(text.route)
    rows.put(text.statusCode)
    rows.end()
  }
}

function putIds(rows: Rows, { ids }: SpanTable, row: number): void {
  rows.put(ids[4 * row] as bigint)
  rows.put(ids[4 * row + 1] as bigint)
  rows.put(ids[4 * row + 2] as bigint)
  const parent = ids[4 * row + 3] as bigint
  rows.put(parent === 0n ? null : parent)
}

/** Appends `count` rows that `put` puts, all of them or none. */
async function appendRows(
  connection: DuckDBConnection,
  table: string,
  count: number,
  put: (rows: Rows) => void,
): Promise<void> {
  if (count === 0) return
  const appender = await connection.createAppender(table)
  try {
    put(new Rows(appender, count))
  } catch (error) {
    // Without this, closing would write the rows before the one that failed.
    appender.clear()
    appender.closeSync()
    throw error
  }
  appender.closeSync()
}

/** Rows that are put value by value, and handed over by chunks. */
class Rows {
  readonly #appender: DuckDBAppender
  readonly #types: readonly DuckDBType[]
  #left: number
  #chunk: DuckDBDataChunk | undefined
  #vectors: readonly DuckDBVector[] = []
  #column = 0
  #row = 0
  #size = 0

  constructor(appender: DuckDBAppender, count: number) {
    this.#appender = appender
    this.#types = Array.from({ length: appender.columnCount }, (_, i) => appender.columnType(i))
    this.#left = count
    this.#begin()
  }

  put(value: Value): void {
    this.#vectors[this.#column++]?.setItem(this.#row, value)
  }

  end(): void {
    if (this.#column !== this.#types.length) throw new Error(`a row of ${this.#column} values`)
    this.#column = 0
    if (++this.#row < this.#size) return
    for (const vector of this.#vectors) vector.flush()
    if (this.#chunk !== undefined) this.#appender.appendDataChunk(this.#chunk)
    this.#begin()
  }

  #begin(): void {
    this.#size = Math.min(chunkRows, this.#left)
    this.#left -= this.#size
    this.#row = 0
    if (this.#size === 0) return
    const chunk = DuckDBDataChunk.create(this.#types, this.#size)
    this.#vectors = this.#types.map((_, i) => chunk.getColumnVector(i))
    this.#chunk = chunk
  }
}
