import type { Catalog, Index, Table } from './catalog.js'
import { isNeeded, servesKey } from './needed.js'

/** Statistics that are younger have not seen what runs once a week. */
export const unusedAfterDays = 14
/** Of fewer writes nothing is concluded. */
const fewWrites = 1_000

export interface UnusedOptions {
  /** Names of indexes that plans of the workload use. */
  readonly used: ReadonlySet<string>
  readonly unusedAfterDays?: number
  /** For how many days an index is known to be there, by somebody who remembers. */
  readonly knownDays?: (index: Index) => number
}

/** What nothing has used for long, and why others that were not used are not called so. */
export function unusedOf(
  catalog: Catalog,
  tables: readonly Table[],
  options: UnusedOptions,
): { readonly unused: ReadonlySet<Index>; readonly notes: readonly string[] } {
  const days = options.unusedAfterDays ?? unusedAfterDays
  const idle = tables.flatMap(table =>
    table.indexes
      .filter(index => isIdle(table, index, options.used))
      .map(index => ({ table, index })),
  )
  if (idle.length === 0) return { unused: new Set(), notes: [] }
  const why = whyNot(idle.length, catalog, days)
  if (why !== undefined) return { unused: new Set(), notes: [why] }
  const [old, young] = [true, false].map(isOld =>
    idle.filter(({ table, index }) => knownDays(catalog, table, index, options) >= days === isOld),
  ) as [typeof idle, typeof idle]
  return {
    unused: new Set(old.map(({ index }) => index)),
    notes:
      young.length === 0
        ? []
        : [
            tooYoung(
              young.map(({ index }) => index),
              days,
              'PostgreSQL',
            ),
          ],
  }
}

/** What is said of indexes that nothing used, and that may be too young to be called so. */
export function tooYoung(young: readonly Index[], days: number, server: string): string {
  const names = young.slice(0, 3).map(({ name }) => name)
  return `${indexes(young.length)} (${names.join(', ')}), but may be younger than ${days} days: ${server} does not say. A console with this database remembers since when it sees them.`
}

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

/** How long it is there, as far as anything tells. */
function knownDays(
  { statsDays = 0 }: Catalog,
  table: Table,
  index: Index,
  options: UnusedOptions,
): number {
  return Math.max(
    index.age?.madeDays ?? 0,
    options.knownDays?.(index) ?? 0,
    sawAllWrites(table, index) ? statsDays : 0,
  )
}

/**
 * An entry is put into a page, so an index that was there when the table was written has touched as many pages as
 * there were entries at least, besides those that vacuum goes through each time, and who made it once.
 */
function sawAllWrites({ written }: Table, { where, age }: Index): boolean {
  if (age === undefined) return false
  const entries = written.inserts + written.updates - written.hot
  const byOthers = age.pages * (1 + (written.vacuums ?? 0))
  return where === undefined && entries >= fewWrites && age.touched - byOthers >= entries
}

const indexes = (count: number): string =>
  `${count === 1 ? 'An index was' : `${count} indexes were`} not used so far`

/** Why none may be called unused; undefined where one may. */
function whyNot(
  idle: number,
  { statsDays, followers, isStandby }: Catalog,
  days: number,
): string | undefined {
  if (isStandby) return `${indexes(idle)} on this standby; the primary may use them.`
  if (followers > 0)
    return `${indexes(idle)} here, but ${followers === 1 ? 'a server follows' : `${followers} servers follow`} this one and may use them: look at pg_stat_user_indexes there.`
  if (statsDays !== undefined && statsDays >= days) return undefined
  return `${indexes(idle)}, but the statistics go back ${statsDays === undefined ? 'nobody knows how long' : `${statsDays < 1 ? 'less than a day' : `${Math.floor(statsDays)} days`}`}; it takes ${days} to call one unused.`
}
