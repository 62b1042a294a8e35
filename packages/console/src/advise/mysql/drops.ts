import type { Drop, DropReason } from '../advice.js'
import type { Candidate } from '../candidate.js'
import type { Index, Table } from '../catalog.js'
import type { Drops } from '../drops.js'
import { tooYoung, unusedAfterDays } from '../unused.js'
import { isReplaced } from './candidates.js'
import { shortName, tableSql } from './creation.js'
import type { MySqlCatalog } from './read-catalog.js'
import { quoted } from './text.js'

interface DropOptions {
  /** `table.index` of what plans of the workload use. */
  readonly used: ReadonlySet<string>
  /** Names of indexes that statements of the workload name in hints, in lower case: without them these fail. */
  readonly hinted: ReadonlySet<string>
  readonly unusedAfterDays?: number
  /** For how many days an index is known to be there, by somebody who remembers. */
  readonly knownDays?: (index: Index) => number
  /** What is to be made: it may do another one's work. */
  readonly made: readonly (Candidate & { readonly name: string })[]
}

/**
 * Indexes that only cost: those that another one does the work of, that nothing has used for long. Never one that is
 * unique or primary, that a statement names, nor the last that a foreign key can go by.
 */
export function dropsOf(catalog: MySqlCatalog, options: DropOptions): Drops {
  const tables = catalog.tables.filter(({ kind }) => kind === 'r')
  const days = options.unusedAfterDays ?? unusedAfterDays
  const mayJudge = catalog.usage !== 'off' && !catalog.isStandby && (catalog.statsDays ?? 0) >= days
  const isOld = (table: Table, index: Index): boolean =>
    Math.max(table.unalteredDays ?? 0, options.knownDays?.(index) ?? 0) >= days
  const isUnused = (table: Table, index: Index): boolean =>
    mayJudge && catalog.counted.has(table) && isIdle(table, index, options.used)
  const drop = tables.flatMap(table =>
    dropsOfTable(table, catalog, options, index => isUnused(table, index) && isOld(table, index)),
  )
  const idle = tables.flatMap(table =>
    table.indexes.filter(one => isIdle(table, one, options.used)).map(index => ({ table, index })),
  )
  if (!mayJudge) return { drop, notes: idle.length === 0 ? [] : [whyNot(catalog, days)] }
  const dropped = new Set(drop.map(({ table, name }) => `${table}.${name}`))
  const young = idle
    .filter(({ table, index }) => isUnused(table, index) && !isOld(table, index))
    .filter(({ table, index }) => !dropped.has(`${shortName(table)}.${index.name}`))
    .map(({ index }) => index)
  const server = catalog.isMariaDb ? 'MariaDB' : 'MySQL'
  return { drop, notes: young.length === 0 ? [] : [tooYoung(young, days, server)] }
}

function dropsOfTable(
  table: Table,
  { statsDays, usage }: MySqlCatalog,
  { made, hinted }: DropOptions,
  isUnused: (index: Index) => boolean,
): Drop[] {
  const gone = new Set<Index>()
  const found: Drop[] = []
  const note = (index: Index, reason: DropReason, why: string, after?: string): void => {
    gone.add(index)
    found.push({
      name: index.name,
      table: shortName(table),
      definition: `${index.method === 'fulltext' ? 'FULLTEXT ' : ''}${index.definition}`,
      reason,
      why,
      sql: `ALTER TABLE ${tableSql(table)} DROP INDEX ${quoted(index.name)}, ALGORITHM=INPLACE, LOCK=NONE`,
      bytes: index.bytes === 0 ? null : index.bytes,
      scans: index.scans,
      ...(after === undefined ? {} : { after }),
    })
  }
  const whyUnused = `No statement has used it for ${Math.floor(statsDays ?? 0)} days, as long as the server is up and counts (${usage}).`
  for (const index of table.indexes) {
    if (index.isUnique || index.isPrimary || hinted.has(index.name.toLowerCase())) continue
    const others = table.indexes.filter(other => other !== index && !gone.has(other))
    const twin = others.find(other => isTwin(index, other))
    const longer = others.find(other => begins(index, other))
    const replaced = made.find(one => one.table.oid === table.oid && isReplaced(index, one))
    if (twin !== undefined)
      note(index, 'duplicate', `${twin.name} has the same columns in the same order.`)
    else if (longer !== undefined)
      note(index, 'prefix', `${longer.name} begins with the same columns and does its work.`)
    else if (replaced !== undefined)
      note(
        index,
        'prefix',
        `The new ${replaced.name} begins with the same columns and does its work: drop it after that is made.`,
        replaced.name,
      )
    else if (isUnused(index)) note(index, 'unused', whyUnused)
  }
  return found
}

function isTwin(a: Index, b: Index): boolean {
  return a.method === b.method && equal(a.keys, b.keys) && equal(a.order, b.order)
}

/**
 * The shorter one's keys are where the longer one starts. A secondary index ends with the primary key, but that is no
 * reason: then there is no longer one.
 */
function begins(short: Index, long: Index): boolean {
  const keys = short.keys.length
  return (
    short.method === 'btree' &&
    long.method === 'btree' &&
    keys <= long.keys.length &&
    short.keys.every((key, at) => isWithin(key, long.keys[at] ?? '', at === keys - 1)) &&
    !equal(short.keys, long.keys) &&
    equal(short.order, long.order.slice(0, keys))
  )
}

/** The same key; or at the end the first characters of what the other one has more of. */
function isWithin(key: string, other: string, isLast: boolean): boolean {
  if (key === other) return true
  const [, name, length] = /^(.*)\((\d+)\)$/.exec(key) ?? []
  const [, more = other, characters] = /^(.*)\((\d+)\)$/.exec(other) ?? []
  return (
    isLast && name === more && (characters === undefined || Number(characters) > Number(length))
  )
}

const equal = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item, at) => item === b[at])

function isIdle(table: Table, index: Index, used: ReadonlySet<string>): boolean {
  return (
    !index.isUnique &&
    !index.isPrimary &&
    index.scans === 0 &&
    !used.has(`${table.oid}.${index.name}`) &&
    !servesKey(table, index)
  )
}

/** The server refuses to drop the last one; and the children of a row that goes are looked up, however seldom. */
function servesKey({ foreignKeys, referredBy }: Table, index: Index): boolean {
  const leads = (columns: readonly string[]): boolean =>
    equal([...columns].sort(), index.keys.slice(0, columns.length).sort())
  return (
    foreignKeys.some(({ columns }) => leads(columns)) || referredBy.some(({ keys }) => leads(keys))
  )
}

function whyNot({ usage, statsDays, isStandby }: MySqlCatalog, needed: number): string {
  if (usage === 'off')
    return 'Which indexes are unused is not known: the server counts no uses (performance_schema and userstat are off, or not for this user).'
  if (isStandby)
    return 'Which indexes are unused is not known: this server is a replica, and others may use them.'
  return `Some indexes were not used so far, but the server has counted for ${Math.floor(statsDays ?? 0)} days; it takes ${needed} to call one unused.`
}
