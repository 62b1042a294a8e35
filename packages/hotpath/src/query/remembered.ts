import { type AsSent, asSent } from './as-sent.js'
import { bytesOfRow, type Field, type RawRow, sameFields } from './pg/answer.js'
import type { Shape } from './shape.js'
import type { Prepare } from './wire.js'

/** Rows of one request that are remembered, as hints of what a loop will ask for. */
const MAX_BYTES = 4 * 1024 * 1024
const MAX_ROWS = 20_000
/** The same for all requests together. */
const MAX_BYTES_IN_ALL = 64 * 1024 * 1024

let bytesInAll = 0

/** Columns of a wide row that are looked at. */
const MAX_COLUMNS = 100

/**
 * The rows that one statement gave in this request, all its calls one after another. Behind its own
 * columns are those once more whose values go back to the database in another text than they came in.
 */
export class Rows {
  readonly rows: RawRow[] = []
  bytes = 0
  private readonly own: number
  private readonly others: readonly { readonly column: number; readonly kind: AsSent }[]
  /** By column: the rows in which a value stands, made when somebody looks for it. */
  private indexes: Map<number, { upTo: number; at: Map<string, number[]> }> | undefined

  constructor(
    readonly shape: Shape,
    readonly fields: readonly Field[],
    private readonly prepare: Prepare | undefined,
  ) {
    this.own = Math.min(fields.length, MAX_COLUMNS)
    this.others = fields.slice(0, this.own).flatMap(({ dataTypeID }, column) => {
      const kind = asSent(dataTypeID)
      return kind === undefined ? [] : [{ column, kind }]
    })
  }

  /** Columns that are looked at, from 0 up. */
  get columns(): number {
    return this.own + this.others.length
  }

  /** The value in this row as a parameter would carry it; undefined: NULL, or not known. */
  text(row: number, column: number): string | undefined {
    const values = this.rows[row]
    if (column < this.own) return textOf(values?.[column])
    const other = this.others[column - this.own]
    const came = other === undefined ? undefined : textOf(values?.[other.column])
    if (other === undefined || came === undefined || this.prepare === undefined) return undefined
    return other.kind.of(came, this.prepare)
  }

  /** Indices of the rows with this value in this column, in order. */
  where(column: number, value: string): readonly number[] {
    if (this.others[column - this.own]?.kind.form.test(value) === false) return NOWHERE
    this.indexes ??= new Map()
    let index = this.indexes.get(column)
    if (index === undefined) {
      index = { upTo: 0, at: new Map() }
      this.indexes.set(column, index)
    }
    for (; index.upTo < this.rows.length; index.upTo++) {
      const found = this.text(index.upTo, column)
      if (found === undefined) continue
      const list = index.at.get(found)
      if (list === undefined) index.at.set(found, [index.upTo])
      else list.push(index.upTo)
    }
    return index.at.get(value) ?? NOWHERE
  }
}

const NOWHERE: readonly never[] = []

function textOf(value: string | Buffer | null | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Answers that wait to be sorted; their metadata is not counted in bytes. */
const MAX_UNSORTED = 16

/** An answer that was not looked at yet. */
interface Unsorted {
  readonly shape: Shape
  readonly fields: readonly Field[]
  readonly rows: readonly RawRow[]
  readonly bytes: number
  /** The one that came after it. */
  next: Unsorted | undefined
}

/**
 * What the statements of one request gave, within a cap; the oldest goes first. Few requests ever look
 * at it: answers are sorted by their statement when one does, or when many wait.
 */
export class Remembered {
  private first: Unsorted | undefined = undefined
  private last: Unsorted | undefined = undefined
  /** How many these are. */
  private waiting = 0
  private known: Map<Shape, Rows> | undefined = undefined
  private bytes = 0
  /** The request is over: what comes late would be counted and never let go. */
  private closed = false

  constructor(private readonly prepare: () => Prepare | undefined) {}

  /** Adds rows of a statement: they are kept as far as there is room. */
  add(shape: Shape, fields: readonly Field[], rows: readonly RawRow[]): void {
    if (rows.length === 0 || this.closed) return
    let bytes = 0
    for (const row of rows) bytes += bytesOfRow(row)
    if (!this.has(bytes) || this.waiting >= MAX_UNSORTED) {
      this.sort(shape, fields, rows)
      return
    }
    const added: Unsorted = { shape, fields, rows, bytes, next: undefined }
    if (this.last === undefined) this.first = added
    else this.last.next = added
    this.last = added
    this.waiting++
    this.bytes += bytes
    bytesInAll += bytes
  }

  of(shape: Shape): Rows | undefined {
    return this.sets().get(shape)
  }

  /** The latest first: a loop runs over what was read last. */
  latest(): Rows[] {
    return [...this.sets().values()].toReversed()
  }

  close(): void {
    this.closed = true
    this.takeUnsorted()
    this.known = undefined
    bytesInAll -= this.bytes
    this.bytes = 0
  }

  private sets(): Map<Shape, Rows> {
    this.known ??= new Map()
    const unsorted = this.takeUnsorted()
    for (let one = unsorted; one !== undefined; one = one.next) {
      this.bytes -= one.bytes
      bytesInAll -= one.bytes
    }
    for (let one = unsorted; one !== undefined; one = one.next)
      this.sort(one.shape, one.fields, one.rows)
    return this.known
  }

  private takeUnsorted(): Unsorted | undefined {
    const { first } = this
    this.first = undefined
    this.last = undefined
    this.waiting = 0
    return first
  }

  private sort(shape: Shape, fields: readonly Field[], rows: readonly RawRow[]): void {
    const sets = this.sets()
    let set = sets.get(shape)
    if (set !== undefined && !sameFields(set.fields, fields)) {
      this.drop(set)
      set = undefined
    }
    set ??= new Rows(shape, fields, this.prepare())
    // Again in front of the queue: what is still added to goes last.
    sets.delete(shape)
    sets.set(shape, set)
    for (const row of rows) {
      const bytes = bytesOfRow(row)
      if (set.rows.length >= MAX_ROWS || !this.makeRoom(bytes, set)) return
      set.rows.push(row)
      set.bytes += bytes
      this.bytes += bytes
      bytesInAll += bytes
    }
  }

  private makeRoom(bytes: number, keep: Rows): boolean {
    for (const set of this.sets().values()) {
      if (this.has(bytes)) return true
      if (set !== keep) this.drop(set)
    }
    return this.has(bytes)
  }

  private has(bytes: number): boolean {
    return this.bytes + bytes <= MAX_BYTES && bytesInAll + bytes <= MAX_BYTES_IN_ALL
  }

  private drop(set: Rows): void {
    this.known?.delete(set.shape)
    this.bytes -= set.bytes
    bytesInAll -= set.bytes
  }
}
