import type { Drop, DropReason } from './advice.js'
import { type Candidate, shortName, tableName } from './candidate.js'
import { isReplaced } from './candidates.js'
import type { Catalog, Index, Table } from './catalog.js'

/** Statistics that are younger have not seen what runs once a week. */
export const unusedAfterDays = 14

export interface DropOptions {
  /** Names of indexes that plans of the workload use. */
  readonly used: ReadonlySet<string>
  readonly unusedAfterDays?: number
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
  const drop = tables.flatMap(table => dropsOfTable(table, catalog, options))
  const notes: string[] = []
  const idle = tables.flatMap(table =>
    table.indexes.filter(index => isIdle(table, index, options.used)),
  )
  if (idle.length > 0 && !mayJudge(catalog, options))
    notes.push(...whyNot(idle.length, catalog, options))
  return { drop, notes }
}

function dropsOfTable(table: Table, catalog: Catalog, options: DropOptions): Drop[] {
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
    if (
      !index.isValid &&
      !index.isBeingBuilt &&
      !index.isConstraint &&
      !index.isAttached &&
      table.kind !== 'p'
    )
      note(
        index,
        'invalid',
        'A build that broke off left it: writes keep it, no statement uses it.',
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
  if (mayJudge(catalog, options))
    for (const index of table.indexes)
      if (isIdle(table, index, options.used))
        note(
          index,
          'unused',
          `No statement has used it for ${Math.floor(catalog.statsDays ?? 0)} days, as long as the statistics go back.`,
        )
  return found
}

/** It is more than a way to rows. */
const isNeeded = (index: Index): boolean =>
  index.isUnique ||
  index.isPrimary ||
  index.isExclusion ||
  index.isConstraint ||
  index.isReplicaIdentity ||
  index.isAttached ||
  index.isBeingBuilt ||
  !index.isValid

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

function isIdle(table: Table, index: Index, used: ReadonlySet<string>): boolean {
  return (
    !isNeeded(index) &&
    table.kind === 'r' &&
    !table.isPartition &&
    index.scans === 0 &&
    index.bytes > 0 &&
    !used.has(index.name) &&
    !servesKey(table, index)
  )
}

/** A foreign key's columns are looked up when a row of its parent goes, however seldom. */
function servesKey(table: Table, index: Index): boolean {
  const names = index.keys.map(key => key.replaceAll('"', ''))
  return table.foreignKeys.some(({ columns }) => {
    const first = names.slice(0, columns.length)
    return columns.every(column => first.includes(column))
  })
}

const mayJudge = ({ statsDays, followers, isStandby }: Catalog, options: DropOptions): boolean =>
  statsDays !== undefined &&
  statsDays >= (options.unusedAfterDays ?? unusedAfterDays) &&
  followers === 0 &&
  !isStandby

function whyNot(
  idle: number,
  { statsDays, followers, isStandby }: Catalog,
  options: DropOptions,
): string[] {
  const indexes = `${idle === 1 ? 'An index was' : `${idle} indexes were`} not used so far`
  if (isStandby) return [`${indexes} on this standby; the primary may use them.`]
  if (followers > 0)
    return [
      `${indexes} here, but ${followers === 1 ? 'a server follows' : `${followers} servers follow`} this one and may use them: look at pg_stat_user_indexes there.`,
    ]
  return [
    `${indexes}, but the statistics go back ${statsDays === undefined ? 'nobody knows how long' : `${statsDays < 1 ? 'less than a day' : `${Math.floor(statsDays)} days`}`}; it takes ${options.unusedAfterDays ?? unusedAfterDays} to call one unused.`,
  ]
}
