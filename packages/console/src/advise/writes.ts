import type { Candidate } from './candidate.js'
import type { Column, Table } from './catalog.js'
import type { Outcome, Planned } from './what-if.js'
import { rowsWritten } from './plan.js'

/**
 * What one row costs to write, in the planner's units (a page read in order is 1). Measured on PostgreSQL 15,
 * 200,000 rows in one INSERT, fsync off, 7.6 us a unit by a sequential scan: the row itself 3.0 us; an ascending
 * B-tree key 1.2 us more, a random number 5.3, a random text of 32 characters 4.2, block ranges under 0.5, and
 * trigrams of 32 characters 41.
 */
const unit = {
  row: 0.4,
  ascending: 0.16,
  tree: 0.7,
  /** For each 100 bytes of a key. */
  wide: 0.3,
  brin: 0.03,
  hash: 0.7,
  gin: 3,
  /** For each character of a text: its trigrams. */
  trigram: 0.15,
  gist: 1.5,
} as const

/** Of one entry of an index. */
export function entryCost({ method, keys, include, share, table }: Candidate): number {
  const columns = [...keys.flatMap(({ term }) => term.columns), ...include].flatMap(
    name => table.columns.get(name) ?? [],
  )
  const trigram = keys.some(({ term }) => term.opclass === 'gin_trgm_ops')
  return share * costOf(method, columns, trigram)
}

function costOf(method: string, columns: readonly Column[], trigram: boolean): number {
  const bytes = columns.reduce((sum, { width }) => sum + width, 0)
  if (method === 'brin') return unit.brin
  if (method === 'gin') return trigram ? unit.trigram * bytes : unit.gin
  if (method === 'gist') return unit.gist
  if (method === 'hash') return unit.hash
  const [first] = columns
  const ascends = first !== undefined && first.correlation > 0.9 && first.distinct > 100
  return (ascends ? unit.ascending : unit.tree) + (unit.wide * bytes) / 100
}

/** Of one row with the indexes that the table has: what a new index adds to. */
export function rowCost({ indexes, columns }: Table): number {
  return indexes.reduce<number>((sum, { method, keys, where }) => {
    const own = keys.flatMap(key => columns.get(key.replaceAll('"', '')) ?? [])
    const isTrigram = method === 'gin' && own.some(({ category }) => category === 'S')
    return sum + costOf(method, own, isTrigram) * (where === undefined ? 1 : 0.3)
  }, unit.row)
}

/** What a statement writes at each call. */
export interface Write {
  readonly table: Table
  readonly kind: 'insert' | 'update' | 'delete'
  readonly columns: readonly string[]
  readonly rows: number
  readonly calls: number
}

export function writesOf({ reading }: Planned, calls: number, before: Outcome): Write[] {
  return reading.write === undefined
    ? []
    : [{ ...reading.write, calls, rows: rowsWritten(before.plan) }]
}

/** What an index costs all writes of the workload, in the planner's units. */
export function writePrice(index: Candidate, writes: readonly Write[]): number {
  const entry = entryCost(index)
  const { table } = index
  const own = new Set([
    ...index.keys.flatMap(({ term }) => term.columns),
    ...index.include,
    ...(index.where === undefined
      ? []
      : [...table.columns.keys()].filter(name => index.where?.includes(name))),
  ])
  return writes
    .filter(write => write.table.oid === table.oid)
    .reduce((sum, { kind, columns, rows, calls }) => {
      // Deleted entries are cleaned up later, by vacuum.
      if (kind === 'delete') return sum + calls * rows * entry * 0.3
      if (kind === 'insert') return sum + calls * rows * entry
      const { updates, hot } = table.written
      const hotShare = updates > 0 ? hot / updates : 0.5
      // An update of a column of it is no HOT update any more: all indexes get a new entry.
      const touches = columns.some(name => own.has(name)) && index.method !== 'brin'
      const lost = touches ? hotShare * (rowCost(table) - unit.row) : 0
      return sum + calls * rows * (touches ? entry + lost : entry * (1 - hotShare))
    }, 0)
}

/** Per cent that it adds to the work of writing a row. */
export const writePercent = (index: Candidate): number =>
  (entryCost(index) / rowCost(index.table)) * 100
