import type { DuckDBConnection } from '@duckdb/node-api'
import type { BatchRows, CounterRow, PointRow } from '../encode.js'
import type { SpanTable, SpanText } from '../span-table.js'
import { ListColumn, NumberColumn, Rows, TextColumn, WordsColumn } from './columns.js'
import type { Dictionary } from './dictionary.js'

/** Appends rows inside the caller's transaction. */
export async function append(
  connection: DuckDBConnection,
  dictionary: Dictionary,
  batches: readonly BatchRows[],
): Promise<void> {
  await appendSpans(connection, dictionary, batches)
  await appendPoints(
    connection,
    dictionary,
    batches.flatMap(batch => batch.points),
  )
  await appendNumbers(
    connection,
    dictionary,
    'counters',
    batches.flatMap(batch => batch.counters),
  )
  await appendNumbers(
    connection,
    dictionary,
    'gauges',
    batches.flatMap(batch => batch.gauges),
  )
  for (const each of batches.flatMap(batch => batch.processes)) dictionary.describe(each)
}

/** Used again by each call: a thread appends one table after another. */
const span = {
  traceHigh: new WordsColumn(),
  traceLow: new WordsColumn(),
  id: new WordsColumn(),
  parent: new WordsColumn(),
  source: new NumberColumn(Int32Array),
  name: new TextColumn(),
  kind: new NumberColumn(Uint8Array),
  start: new WordsColumn(),
  duration: new WordsColumn(),
  status: new NumberColumn(Uint8Array),
  attributes: new TextColumn(),
  links: new TextColumn(),
  route: new TextColumn(),
  statusCode: new NumberColumn(Int32Array),
}

const spanRows = new Rows('spans', [
  span.traceHigh,
  span.traceLow,
  span.id,
  span.parent,
  span.source,
  span.name,
  span.kind,
  span.start,
  span.duration,
  span.status,
  span.attributes,
  span.links,
])

const entryRows = new Rows('entries', [
  span.traceHigh,
  span.traceLow,
  span.id,
  span.parent,
  span.source,
  span.start,
  span.duration,
  span.status,
  span.route,
  span.statusCode,
])

async function appendSpans(
  connection: DuckDBConnection,
  dictionary: Dictionary,
  batches: readonly BatchRows[],
): Promise<void> {
  const tables = batches.map(batch => tableWith(batch.spans, dictionary))
  let [spans, entries] = [0, 0]
  for (const { count, says, texts } of tables) {
    spans += count
    for (let row = 0; row < count; row++) if (texts[says[row] as number]?.entry === true) entries++
  }
  const cursor = new SpanCursor(tables)
  await spanRows.append(connection, spans, (row, chunk) => {
    const text = cursor.next()
    putPlace(row, cursor)
    span.kind.put(row, text.kind)
    const before = cursor.sameText(row, chunk)
    if (before < 0) {
      span.name.put(row, text.name)
      span.attributes.put(row, text.attributes)
    } else {
      span.name.share(row, before)
      span.attributes.share(row, before)
    }
    const { links } = cursor.table
    span.links.put(row, links.size === 0 ? null : (links.get(cursor.row) ?? null))
  })
  const entering = new SpanCursor(tables)
  await entryRows.append(connection, entries, row => {
    let text = entering.next()
    while (!text.entry) text = entering.next()
    putPlace(row, entering)
    span.route.put(row, text.route)
    span.statusCode.put(row, text.statusCode)
  })
}

/** What both tables have. */
function putPlace(row: number, { row: from, table, said }: SpanCursor): void {
  const { idWords, startWords } = table
  span.traceHigh.copy(row, idWords, 4 * from)
  span.traceLow.copy(row, idWords, 4 * from + 1)
  span.id.copy(row, idWords, 4 * from + 2)
  // No parent is zero in the one and nothing in the other.
  if (idWords[8 * from + 6] === 0 && idWords[8 * from + 7] === 0) span.parent.nothing(row)
  else span.parent.copy(row, idWords, 4 * from + 3)
  span.source.put(row, table.sources[said] as number)
  span.start.copy(row, startWords, from)
  span.duration.put(row, table.durationNs[from] as number)
  span.status.put(row, (table.texts[said] as SpanText).status)
}

interface Table extends SpanTable {
  readonly idWords: Uint32Array
  readonly startWords: Uint32Array
  /** Of each text its source. */
  readonly sources: readonly number[]
  /** Of each text the row of the chunk that has it, and which chunk that was. */
  readonly rows: Int32Array
  readonly chunks: Int32Array
}

const tableWith = (table: SpanTable, dictionary: Dictionary): Table => ({
  ...table,
  idWords: new Uint32Array(table.ids.buffer),
  startWords: new Uint32Array(table.startNs.buffer),
  sources: table.texts.map(({ service, instance }) => dictionary.source(service, instance)),
  rows: new Int32Array(table.texts.length),
  chunks: new Int32Array(table.texts.length).fill(-1),
})

/** Goes through the spans of several tables, one after another. */
class SpanCursor {
  readonly #tables: readonly Table[]
  #next = 0
  table: Table
  row = -1
  /** Which text of its table the span says. */
  said = 0

  /** There must be as many spans as will be asked for. */
  constructor(tables: readonly Table[]) {
    this.#tables = tables
    this.table = tables[this.#next++] as Table
  }

  next(): SpanText {
    this.row++
    while (this.row === this.table.count) {
      this.table = this.#tables[this.#next++] as Table
      this.row = 0
    }
    this.said = this.table.says[this.row] as number
    return this.table.texts[this.said] as SpanText
  }

  /** The row of this chunk that says the same; -1: `row` is the first of them. */
  sameText(row: number, chunk: number): number {
    const { rows, chunks } = this.table
    if (chunks[this.said] === chunk) return rows[this.said] as number
    chunks[this.said] = chunk
    rows[this.said] = row
    return -1
  }
}

const point = {
  series: new NumberColumn(Int32Array),
  source: new NumberColumn(Int32Array),
  start: new WordsColumn(),
  end: new WordsColumn(),
  count: new NumberColumn(Float64Array),
  sum: new NumberColumn(Float64Array),
  min: new NumberColumn(Float64Array),
  max: new NumberColumn(Float64Array),
  scale: new NumberColumn(Int8Array),
  zeroCount: new NumberColumn(Float64Array),
  first: new NumberColumn(Int32Array),
  buckets: new ListColumn(),
}

const pointRows = new Rows('points', Object.values(point))

const numberColumns = [point.series, point.source, point.start, point.end, point.sum]
const numberRows = {
  counters: new Rows('counters', numberColumns),
  gauges: new Rows('gauges', numberColumns),
}

async function appendPoints(
  connection: DuckDBConnection,
  dictionary: Dictionary,
  points: readonly PointRow[],
): Promise<void> {
  let next = 0
  await pointRows.append(connection, points.length, row => {
    const from = points[next++] as PointRow
    const { metric, service, instance, attributes, sampled } = from
    const series = dictionary.series(metric, service, attributes, sampled)
    const source = dictionary.source(service, instance)
    dictionary.notePair(source, series)
    point.series.put(row, series)
    point.source.put(row, source)
    point.start.putBig(row, from.startNs)
    point.end.putBig(row, from.endNs)
    point.count.put(row, from.count)
    point.sum.put(row, from.sum)
    point.min.put(row, from.min)
    point.max.put(row, from.max)
    point.scale.put(row, from.scale)
    point.zeroCount.put(row, from.zeroCount)
    point.first.put(row, from.offset)
    point.buckets.put(row, from.buckets)
  })
}

async function appendNumbers(
  connection: DuckDBConnection,
  dictionary: Dictionary,
  table: 'counters' | 'gauges',
  numbers: readonly CounterRow[],
): Promise<void> {
  const { series, source, start, end, sum: value } = point
  let next = 0
  await numberRows[table].append(connection, numbers.length, row => {
    const from = numbers[next++] as CounterRow
    const { metric, service, instance, attributes } = from
    series.put(row, dictionary.series(metric, service, attributes, false))
    source.put(row, dictionary.source(service, instance))
    start.putBig(row, from.startNs)
    end.putBig(row, from.endNs)
    value.put(row, from.value)
  })
}
