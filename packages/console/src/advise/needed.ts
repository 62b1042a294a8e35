import type { Index, Table } from './catalog.js'

/** It is more than a way to rows. */
export const isNeeded = (index: Index): boolean =>
  index.isUnique ||
  index.isPrimary ||
  index.isExclusion ||
  index.isConstraint ||
  index.isReplicaIdentity ||
  index.isAttached ||
  index.isBeingBuilt ||
  !index.isValid

/** A foreign key's columns are looked up when a row of its parent goes, however seldom. */
export function servesKey(table: Table, index: Index): boolean {
  const names = index.keys.map(key => key.replaceAll('"', ''))
  return table.foreignKeys.some(({ columns }) => {
    const first = names.slice(0, columns.length)
    return columns.every(column => first.includes(column))
  })
}
