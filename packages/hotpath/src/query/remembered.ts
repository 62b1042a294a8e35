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

/** What the statements of one request gave, within a cap; the oldest goes first. */
export class Remembered {
  private readonly sets = new Map<Shape, Rows>()
  private bytes = 0

  /** Adds rows of a statement. Returns false when they were too many to keep. */
  add(shape: Shape, fields: readonly Field[], rows: readonly RawRow[]): boolean {
    if (rows.length === 0) return true
    let set = this.sets.get(shape)
    if (set !== undefined && !sameFields(set.fields, fields)) {
      this.drop(set)
      set = undefined
    }
    set ??= new Rows(shape, fields)
    // Again in front of the queue: what is still added to goes last.
    this.sets.delete(shape)
    this.sets.set(shape, set)
    for (const row of rows) {
      const bytes = bytesOfRow(row)
      if (set.rows.length >= MAX_ROWS || !this.makeRoom(bytes, set)) return false
      set.rows.push(row)
      set.bytes += bytes
      this.bytes += bytes
      bytesInAll += bytes
    }
    return true
  }

  of(shape: Shape): Rows | undefined {
    return this.sets.get(shape)
  }

  /** The latest first: a loop runs over what was read last. */
  latest(): Rows[] {
    return [...this.sets.values()].toReversed()
  }

  clear(): void {
    this.sets.clear()
    bytesInAll -= this.bytes
    this.bytes = 0
  }

  private makeRoom(bytes: number, keep: Rows): boolean {
    for (const set of this.sets.values()) {
      if (this.has(bytes)) return true
      if (set !== keep) this.drop(set)
    }
    return this.has(bytes)
  }

  private has(bytes: number): boolean {
    return this.bytes + bytes <= MAX_BYTES && bytesInAll + bytes <= MAX_BYTES_IN_ALL
  }

  private drop(set: Rows): void {
    this.sets.delete(set.shape)
    this.bytes -= set.bytes
    bytesInAll -= set.bytes
  }
}
