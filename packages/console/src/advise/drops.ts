import type { Drop, DropReason } from './advice.js'
import { type Candidate, shortName, tableName } from './candidate.js'
import { isReplaced } from './candidates.js'
import type { Catalog, Index, Table } from './catalog.js'
import { isNeeded } from './needed.js'
import { type UnusedOptions, unusedOf } from './unused.js'

export interface DropOptions extends UnusedOptions {
  /** What is to be made: it may do another one's work. */
  readonly made?: readonly (Candidate & { readonly name: string })[]
}

export interface Drops {
  readonly drop: readonly Drop[]
  readonly notes: readonly string[]
}

/**
 * Indexes that only cost: those that a broken build left, that another one does the work of, that nothing has used
 * for long. Never one that holds a constraint, serves a foreign key, or identifies rows for replication.
 */
export function dropsOf(catalog: Catalog, options: DropOptions): Drops {
  const tables = catalog.tables.filter(({ kind }) => kind === 'r' || kind === 'p' || kind === 'm')
  const { unused, notes } = unusedOf(catalog, tables, options)
  const drop = tables.flatMap(table => dropsOfTable(table, catalog, unused, options))
  return { drop, notes: [...tables.flatMap(halfMade), ...notes] }
}

function dropsOfTable(
  table: Table,
  catalog: Catalog,
  unused: ReadonlySet<Index>,
  options: DropOptions,
): Drop[] {
  const gone = new Set<Index>()
  const found: Drop[] = []
  const note = (index: Index, reason: DropReason, why: string, after?: string): void => {
    if (gone.has(index)) return
    gone.add(index)
    found.push({
      name: index.name,
      table: shortName(table),
      definition: index.definition.replace(/^.*? USING /, ''),
      reason,
      why,
      sql: `DROP INDEX ${table.kind === 'p' ? '' : 'CONCURRENTLY '}${tableName(index)}`,
      bytes: index.bytes,
      scans: index.scans,
      ...(after === undefined ? {} : { after }),
    })
  }
  for (const index of table.indexes)
    if (isLeft(index) && (index.parts ?? 0) === 0)
      note(
        index,
        'invalid',
        table.kind === 'p'
          ? 'It was begun on the whole, and no partition has its part of it: no statement uses it.'
          : 'A build that broke off left it: writes keep it, no statement uses it.',
      )
  for (const index of table.indexes) {
    if (isNeeded(index)) continue
    const twin = table.indexes.find(
      other => other !== index && !gone.has(other) && other.isValid && isTwin(index, other),
    )
    if (twin !== undefined) {
      note(index, 'duplicate', `${twin.name} is the same index.`)
      continue
    }
    const longer = table.indexes.find(
      other => other !== index && !gone.has(other) && other.isValid && begins(index, other),
    )
    if (longer !== undefined) {
      note(index, 'prefix', `${longer.name} begins with the same columns and does its work.`)
      continue
    }
    const made = options.made?.find(one => one.table.oid === table.oid && isReplaced(index, one))
    if (made !== undefined)
      note(
        index,
        'prefix',
        `The new ${made.name} begins with the same columns and does its work: drop it after that is made.`,
        made.name,
      )
  }
  for (const index of table.indexes)
    if (unused.has(index))
      note(
        index,
        'unused',
        `No statement has used it for ${Math.floor(catalog.statsDays ?? 0)} days, as long as the statistics go back.`,
      )
  return found
}

/** Nobody is at work on it, and it is not complete. */
const isLeft = ({ isValid, isBeingBuilt, isConstraint, isAttached }: Index): boolean =>
  !isValid && !isBeingBuilt && !isConstraint && !isAttached

/** An index of a partitioned table is valid when each partition has its part: dropped, it would take those along. */
function halfMade(table: Table): string[] {
  return table.indexes
    .filter(index => isLeft(index) && (index.parts ?? 0) > 0)
    .map(
      index =>
        `${index.name} of ${shortName(table)} is not valid: some of its partitions have their part of it, and some lack it. Make it there (CREATE INDEX CONCURRENTLY, then ALTER INDEX ${tableName(index)} ATTACH PARTITION), or drop it with its parts.`,
    )
}

function isTwin(a: Index, b: Index): boolean {
  return (
    a.method === b.method &&
    a.where === b.where &&
    equal(a.keys, b.keys) &&
    equal(a.order, b.order) &&
    equal([...a.include].sort(), [...b.include].sort())
  )
}

/** The shorter one's keys are where the longer one starts, in the same order, over the same rows. */
function begins(short: Index, long: Index): boolean {
  const keys = short.keys.length
  return (
    short.method === 'btree' &&
    long.method === 'btree' &&
    short.where === long.where &&
    keys < long.keys.length + long.include.length &&
    keys <= long.keys.length &&
    equal(short.keys, long.keys.slice(0, keys)) &&
    equal(short.order, long.order.slice(0, keys)) &&
    // What it carries along is to be carried on.
    short.include.every(name => long.keys.includes(name) || long.include.includes(name))
  )
}

const equal = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item, at) => item === b[at])
