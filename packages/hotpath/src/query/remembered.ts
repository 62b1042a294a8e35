import { bytesOfRow, type Field, type RawRow, sameFields } from './pg/answer.js'
import type { Shape } from './shape.js'

/** Rows of one request that are remembered, as hints of what a loop will ask for. */
const MAX_BYTES = 4 * 1024 * 1024
const MAX_ROWS = 20_000
/** The same for all requests together. */
const MAX_BYTES_IN_ALL = 64 * 1024 * 1024

let bytesInAll = 0

/** The rows that one statement gave in this request, all its calls one after another. */
export class Rows {
  readonly rows: RawRow[] = []
  bytes = 0
  /** By column: the rows in which a value stands, made when somebody looks for it. */
  private indexes: Map<number, { upTo: number; at: Map<string, number[]> }> | undefined

  constructor(
    readonly shape: Shape,
    readonly fields: readonly Field[],
  ) {}

  /** Indices of the rows with this value in this column, in order. */
  where(column: number, value: string): readonly number[] {
    this.indexes ??= new Map()
    let index = this.indexes.get(column)
    if (index === undefined) {
      index = { upTo: 0, at: new Map() }
      this.indexes.set(column, index)
    }
    for (; index.upTo < this.rows.length; index.upTo++) {
      const found = textOf(this.rows[index.upTo]?.[column])
      if (found === undefined) continue
      const list = index.at.get(found)
      if (list === undefined) index.at.set(found, [index.upTo])
      else list.push(index.upTo)
    }
    return index.at.get(value) ?? []
  }
}

/** A value as a parameter would carry it: a bool comes as `t` and goes as `true`. */
export function textOf(value: string | Buffer | null | undefined): string | undefined {
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
}

/**
 * What the statements of one request gave, within a cap; the oldest goes first. Few requests ever look
 * at it: answers are sorted by their statement when one does, or when many wait.
 */
export class Remembered {
  private readonly unsorted: Unsorted[] = []
  private known: Map<Shape, Rows> | undefined = undefined
  private bytes = 0
  /** The request is over: what comes late would be counted and never let go. */
  private closed = false

  /** Adds rows of a statement: they are kept as far as there is room. */
  add(shape: Shape, fields: readonly Field[], rows: readonly RawRow[]): void {
    if (rows.length === 0 || this.closed) return
    let bytes = 0
    for (const row of rows) bytes += bytesOfRow(row)
    if (!this.has(bytes) || this.unsorted.length >= MAX_UNSORTED) {
      this.sort(shape, fields, rows)
      return
    }
    this.unsorted.push({ shape, fields, rows, bytes })
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
    this.unsorted.length = 0
    this.known = undefined
    bytesInAll -= this.bytes
    this.bytes = 0
  }

  private sets(): Map<Shape, Rows> {
    this.known ??= new Map()
    if (this.unsorted.length === 0) return this.known
    const unsorted = this.unsorted.splice(0)
    for (const { bytes } of unsorted) {
      this.bytes -= bytes
      bytesInAll -= bytes
    }
    for (const { shape, fields, rows } of unsorted) this.sort(shape, fields, rows)
    return this.known
  }

  private sort(shape: Shape, fields: readonly Field[], rows: readonly RawRow[]): void {
    const sets = this.sets()
    let set = sets.get(shape)
    if (set !== undefined && !sameFields(set.fields, fields)) {
      this.drop(set)
      set = undefined
    }
    set ??= new Rows(shape, fields)
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
