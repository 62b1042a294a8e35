import type { Candidate } from '../candidate.js'
import type { Column, Table } from '../catalog.js'
import type { Write } from '../writes.js'

/**
 * What one row costs to write in InnoDB, in the units of `plan.ts`. Measured on MariaDB 10.11, 100,000 rows in one
 * INSERT, all in memory, three runs: the row itself 2.3 us (once 5.5), an ascending key 0.6 us more, a random number
 * 1.0, a text of 32 characters 1.5 to 2.4, its words 12; to move a random key 2.3, to delete it 1.1.
 */
const unit = {
  row: 0.23,
  ascending: 0.06,
  tree: 0.1,
  /** For each 100 bytes of a key. */
  wide: 0.15,
  /** For each character of a text: its words. */
  words: 0.037,
} as const

/** An entry that goes anywhere may need a page that is not in memory: weighed as rows behind an index are. */
const apart = 3

function costOf(method: string, columns: readonly Column[]): number {
  const bytes = columns.reduce((sum, { width }) => sum + width, 0)
  if (method === 'fulltext') return unit.words * bytes
  const [first] = columns
  return (ascends(first) ? unit.ascending : unit.tree) + (unit.wide * bytes) / 100
}

const ascends = (first: Column | undefined): boolean =>
  first !== undefined && first.correlation > 0.9 && first.distinct > 100

/** Of one entry of an index. */
function entryCost({ method, keys, include, table }: Candidate): number {
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
  const first = index.table.columns.get(index.keys[0]?.term.columns[0] ?? '')
  const entry = entryCost(index) * (ascends(first) ? 1 : apart)
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
