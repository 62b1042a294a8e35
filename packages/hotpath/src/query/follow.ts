import type { Remembered, Rows } from './remembered.js'
import type { Shape } from './shape.js'
import type { Wire } from './wire.js'

/** Where the parameters of a statement come from. */
export interface Origin {
  /** The statement whose rows the loop runs over. */
  readonly parent: Shape
  /** For each parameter its column there; -1: it stays as it is. */
  readonly columns: readonly number[]
}

/**
 * Finds the rows that a loop runs over, from two of its calls: columns of an earlier statement in
 * which the parameters that changed are found, the first call's before the second's. The nearer the
 * two rows, the better: a loop goes from row to row.
 */
export function findOrigin(
  remembered: Remembered,
  own: Shape,
  before: readonly Wire[],
  now: readonly Wire[],
): Origin | undefined {
  if (before.length !== now.length) return undefined
  const changed = now.flatMap((wire, i) => (sameWire(wire, before[i]) ? [] : [i]))
  if (changed.length === 0 || changed.some(i => textOf(now[i]) === undefined)) return undefined
  let best: { readonly origin: Origin; readonly distance: number } | undefined
  for (const rows of remembered.latest()) {
    if (rows.shape === own) continue
    const found = nearest(rows, changed, before, now)
    if (found === undefined) continue
    if (best === undefined || found.distance < best.distance) best = found
    if (best.distance === 1) break
  }
  return best?.origin
}

function nearest(
  rows: Rows,
  changed: readonly number[],
  before: readonly Wire[],
  now: readonly Wire[],
): { origin: Origin; distance: number } | undefined {
  const [first, ...others] = changed as [number, ...number[]]
  const width = rows.columns
  let best: { origin: Origin; distance: number } | undefined
  for (let column = 0; column < width; column++) {
    for (const at of rows.where(column, textOf(now[first]) as string)) {
      const columns = others.map(i => columnWith(rows, at, textOf(now[i]) as string, width))
      if (columns.includes(-1)) continue
      const all = now.map(() => -1)
      changed.forEach((param, i) => {
        all[param] = i === 0 ? column : (columns[i - 1] as number)
      })
      const origin = { parent: rows.shape, columns: all }
      const from = lastBefore(rows, origin, before, at)
      if (from < 0) continue
      if (best === undefined || at - from < best.distance) best = { origin, distance: at - from }
      break
    }
  }
  return best
}

function columnWith(rows: Rows, at: number, value: string, width: number): number {
  for (let column = 0; column < width; column++) {
    if (rows.text(at, column) === value) return column
  }
  return -1
}

/** The last row before `at` in which the earlier call's parameters stand; -1: none. */
function lastBefore(rows: Rows, origin: Origin, wires: readonly Wire[], at: number): number {
  let found = -1
  for (const row of matching(rows, origin, wires)) {
    if (row >= at) break
    found = row
  }
  return found
}

/** Rows in which all parameters of a call stand, in order. */
function* matching(rows: Rows, { columns }: Origin, wires: readonly Wire[]): Iterable<number> {
  const first = columns.findIndex(column => column >= 0)
  const value = textOf(wires[first])
  if (first < 0 || value === undefined) return
  for (const at of rows.where(columns[first] as number, value)) {
    const stands = (column: number, i: number): boolean =>
      column < 0 || rows.text(at, column) === textOf(wires[i])
    if (columns.every(stands)) yield at
  }
}

/** The row that a call is about: the first from `from` on, else the first of all; -1: none. */
export function rowOf(rows: Rows, origin: Origin, wires: readonly Wire[], from: number): number {
  let first = -1
  for (const at of matching(rows, origin, wires)) {
    if (at >= from) return at
    if (first < 0) first = at
  }
  return first
}

/** What the calls after row `at` will ask for, each with its row. Rows with a NULL are passed over. */
export function* following(
  rows: Rows,
  { columns }: Origin,
  wires: readonly Wire[],
  at: number,
): Iterable<readonly [row: number, wires: Wire[]]> {
  for (let next = at + 1; next < rows.rows.length; next++) {
    const key = columns.map((column, i) =>
      column < 0 ? (wires[i] as Wire) : wireLike(wires[i], rows.text(next, column)),
    )
    if (key.every((wire, i) => wire !== null || columns[i] === -1)) yield [next, key]
  }
}

/** As bytes stand in a column: PostgreSQL writes a bytea in hexadecimal digits. */
function textOf(wire: Wire | undefined): string | undefined {
  if (Buffer.isBuffer(wire)) return `\\x${wire.toString('hex')}`
  return wire ?? undefined
}

/** What the next call will send where this one sent `wire`: bytes for bytes. */
function wireLike(wire: Wire | undefined, text: string | undefined): Wire {
  if (text === undefined || !Buffer.isBuffer(wire)) return text ?? null
  return text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex') : null
}

function sameWire(a: Wire | undefined, b: Wire | undefined): boolean {
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return a.equals(b)
  return a === b
}
