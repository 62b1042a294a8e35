import type { Candidate } from '../candidate.js'
import type { Column, Table } from '../catalog.js'
import type { Write } from '../writes.js'

/** What one row costs to write in InnoDB, in the units of `plan.ts`. */
const unit = {
  row: 0.3,
  ascending: 0.1,
  tree: 0.3,
  /** For each 100 bytes of a key. */
  wide: 0.2,
  /** For each character of a text: its words. */
  words: 0.1,
} as const

function costOf(method: string, columns: readonly Column[]): number {
  const bytes = columns.reduce((sum, { width }) => sum + width, 0)
  if (method === 'fulltext') return unit.words * bytes
  const [first] = columns
  const ascends = first !== undefined && first.correlation > 0.9 && first.distinct > 100
  return (ascends ? unit.ascending : unit.tree) + (unit.wide * bytes) / 100
}

/** Of one entry of an index. */
export function entryCost({ method, keys, include, table }: Candidate): number {
  const names = [...keys.flatMap(({ term }) => term.columns), ...include]
  return costOf(
    method,
    names.flatMap(name => table.columns.get(name) ?? []),
  )
}

/** Of one row with the indexes that the table has. */
function rowCost({ indexes, columns }: Table): number {
  return indexes
    .filter(({ isPrimary }) => !isPrimary)
    .reduce<number>(
      (sum, { method, keys }) =>
        sum +
        costOf(
          method,
          keys.flatMap(key => columns.get(key.replace(/\(\d+\)$/, '')) ?? []),
        ),
      unit.row,
    )
}

/** What an index costs all writes of the workload. */
export function writePrice(index: Candidate, writes: readonly Write[]): number {
  const entry = entryCost(index)
  const own = new Set([...index.keys.flatMap(({ term }) => term.columns), ...index.include])
  return writes
    .filter(write => write.table.oid === index.table.oid)
    .reduce((sum, { kind, columns, rows, calls }) => {
      if (kind !== 'update') return sum + calls * rows * entry
      // The old entry is marked, and a new one made; one that is not touched stays as it is.
      return columns.some(name => own.has(name)) ? sum + 2 * calls * rows * entry : sum
    }, 0)
}

/** Per cent that it adds to the work of writing a row. */
export const writePercent = (index: Candidate): number =>
  (entryCost(index) / rowCost(index.table)) * 100
