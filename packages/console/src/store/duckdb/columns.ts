import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import { DuckDBDataChunk } from './api.js'
import duckdb, { type Vector } from '@duckdb/node-bindings'
import { highWord, lowWord } from '../span-table.js'

/** Rows that DuckDB takes at a time: the size of its vectors. */
const chunkRows = 2_048

/** One column of the rows that are being gathered; used again for each chunk. */
export interface Column {
  /** A chunk of so many rows begins; the one before it may have been given up half way. */
  begin(vector: Vector, rows: number): void
  /** All of its rows were put. */
  flush(): void
}

/** Which rows hold a value: a bit each, as DuckDB has them. */
class Validity {
  readonly #bits = new Uint8Array(chunkRows / 8).fill(255)
  #any = false

  /** Also after a chunk that was given up: what it lacked, this one may have. */
  begin(): void {
    if (!this.#any) return
    this.#bits.fill(255)
    this.#any = false
  }

  nothing(row: number): void {
    this.#any = true
    const at = row >>> 3
    this.#bits[at] = (this.#bits[at] as number) & ~(1 << (row & 7))
  }

  flush(vector: Vector, rows: number): void {
    if (!this.#any) return
    const bytes = 8 * Math.ceil(rows / 64)
    duckdb.vector_ensure_validity_writable(vector)
    duckdb.copy_data_to_vector_validity(vector, 0, this.#bits.buffer, 0, bytes)
  }
}

/** What all columns share: where their values go, and which rows have none. */
abstract class Gathered implements Column {
  protected vector: Vector | undefined
  protected readonly validity = new Validity()
  #rows = 0

  begin(vector: Vector, rows: number): void {
    this.vector = vector
    this.#rows = rows
    this.validity.begin()
  }

  flush(): void {
    if (this.vector === undefined) return
    this.hand(this.vector, this.#rows)
    this.validity.flush(this.vector, this.#rows)
  }

  /** Hands the values of so many rows over. */
  protected abstract hand(vector: Vector, rows: number): void
}

type Values = Int8Array | Uint8Array | Int32Array | Float64Array

/** Numbers that Node holds as such. What does not fit is refused, not cut. */
export class NumberColumn extends Gathered {
  readonly #values: Values

  constructor(type: new (length: number) => Values) {
    super()
    this.#values = new type(chunkRows)
  }

  put(row: number, value: number | null): void {
    if (value === null) this.validity.nothing(row)
    else {
      this.#values[row] = value
      if (this.#values[row] !== value && !Number.isNaN(value))
        throw new RangeError(`${value} does not fit its column`)
    }
  }

  protected override hand(vector: Vector, rows: number): void {
    const { buffer, BYTES_PER_ELEMENT } = this.#values
    duckdb.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, 0, rows * BYTES_PER_ELEMENT)
  }
}

/** 64-bit numbers, as two words each: a bigint for each takes longer than all else that is done with it. */
export class WordsColumn extends Gathered {
  readonly #words = new Uint32Array(2 * chunkRows)
  readonly #numbers = new BigInt64Array(this.#words.buffer)

  /** The number at the place `at` of some 64-bit numbers that `words` lies over. */
  copy(row: number, words: Uint32Array, at: number): void {
    this.#words[2 * row] = words[2 * at] as number
    this.#words[2 * row + 1] = words[2 * at + 1] as number
  }

  /** A whole number from 0 to 2^53. */
  put(row: number, value: number): void {
    this.#words[2 * row + lowWord] = value
    this.#words[2 * row + highWord] = value / 2 ** 32
  }

  putBig(row: number, value: bigint): void {
    this.#numbers[row] = value
    if (this.#numbers[row] !== value) throw new RangeError(`${value} does not fit its column`)
  }

  nothing(row: number): void {
    this.validity.nothing(row)
  }

  protected override hand(vector: Vector, rows: number): void {
    duckdb.copy_data_to_vector(vector, 0, this.#words.buffer, 0, 8 * rows)
  }
}

/** Bytes of a text's place in a vector (`duckdb_string_t`): its length, and itself or where it lies. */
const placeBytes = 16

/**
 * Texts. DuckDB copies each that it is given; what says the same as another row of the chunk is given the
 * place of that one's copy, which lives as long as the vector.
 */
export class TextColumn extends Gathered {
  /** Pairs of rows: one, and the row before it whose text it shares. */
  readonly #shared = new Uint32Array(2 * chunkRows)
  #sharing = 0

  override begin(vector: Vector, rows: number): void {
    super.begin(vector, rows)
    this.#sharing = 0
  }

  put(row: number, text: string | null): void {
    if (text === null) this.validity.nothing(row)
    else if (this.vector !== undefined) duckdb.vector_assign_string_element(this.vector, row, text)
  }

  /** The text of a row that was put into this chunk, and is none that shares. */
  share(row: number, with_: number): void {
    this.#shared[this.#sharing++] = row
    this.#shared[this.#sharing++] = with_
  }

  protected override hand(vector: Vector, rows: number): void {
    if (this.#sharing === 0) return
    const bytes = duckdb.vector_get_data(vector, placeBytes * rows)
    const places = new Uint32Array(bytes.buffer, bytes.byteOffset, 4 * rows)
    for (let i = 0; i < this.#sharing; i += 2) {
      const to = 4 * (this.#shared[i] as number)
      const from = 4 * (this.#shared[i + 1] as number)
      for (let k = 0; k < 4; k++) places[to + k] = places[from + k] as number
    }
    const { buffer, byteOffset, byteLength } = places
    duckdb.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, byteOffset, byteLength)
  }
}

/** Lists of doubles. */
export class ListColumn extends Gathered {
  /** Of each row where its list begins among all, and its length. */
  readonly #entries = new BigUint64Array(2 * chunkRows)
  readonly #words = new Uint32Array(this.#entries.buffer)
  #items = new Float64Array(16 * chunkRows)
  #length = 0

  override begin(vector: Vector, rows: number): void {
    super.begin(vector, rows)
    this.#length = 0
  }

  put(row: number, list: readonly number[]): void {
    const from = this.#length
    this.#length += list.length
    if (this.#length > this.#items.length) {
      const grown = new Float64Array(2 * this.#length)
      grown.set(this.#items)
      this.#items = grown
    }
    for (let i = 0; i < list.length; i++) this.#items[from + i] = list[i] as number
    this.#words[4 * row + lowWord] = from
    this.#words[4 * row + 2 + lowWord] = list.length
  }

  protected override hand(vector: Vector, rows: number): void {
    duckdb.list_vector_reserve(vector, this.#length)
    duckdb.list_vector_set_size(vector, this.#length)
    const items = duckdb.list_vector_get_child(vector)
    duckdb.copy_data_to_vector(items, 0, this.#items.buffer, 0, 8 * this.#length)
    duckdb.copy_data_to_vector(vector, 0, this.#entries.buffer, 0, 16 * rows)
  }
}

/**
 * The rows of one table on their way into it. The chunk they are gathered in is used again: to make one for
 * each 2,048 rows, and to give its memory back to the system when it is collected, takes longer than to fill it.
 */
export class Rows {
  readonly #table: string
  readonly #columns: readonly Column[]
  #chunk: DuckDBDataChunk | undefined

  /** `columns` in the order of the table. */
  constructor(table: string, columns: readonly Column[]) {
    this.#table = table
    this.#columns = columns
  }

  /**
   * Appends `count` rows, all of them or none: `put` puts a row into the columns, at the place in its chunk
   * that it is given, and is called for one after another, chunk by chunk.
   */
  async append(
    connection: DuckDBConnection,
    count: number,
    put: (row: number, chunk: number) => void,
  ): Promise<void> {
    if (count === 0) return
    const appender = await connection.createAppender(this.#table)
    const chunk = (this.#chunk ??= this.#chunkFor(appender))
    try {
      for (let first = 0, n = 0; first < count; first += chunkRows, n++) {
        const rows = Math.min(chunkRows, count - first)
        this.#begin(chunk, rows)
        for (let row = 0; row < rows; row++) put(row, n)
        for (const column of this.#columns) column.flush()
        appender.appendDataChunk(chunk)
      }
    } catch (error) {
      // Without this, closing would write the rows before the one that failed.
      appender.clear()
      appender.closeSync()
      throw error
    } finally {
      // Its texts are given back: they may be large.
      chunk.reset()
    }
    appender.closeSync()
  }

  #chunkFor(appender: DuckDBAppender): DuckDBDataChunk {
    const { columnCount } = appender
    const columns = this.#columns.length
    if (columnCount !== columns) throw new Error(`${columns} columns for a table of ${columnCount}`)
    return DuckDBDataChunk.create(
      Array.from({ length: columnCount }, (_, i) => appender.columnType(i)),
    )
  }

  #begin(chunk: DuckDBDataChunk, rows: number): void {
    chunk.reset()
    chunk.rowCount = rows
    for (const [i, column] of this.#columns.entries())
      column.begin(duckdb.data_chunk_get_vector(chunk.chunk, i), rows)
  }
}
