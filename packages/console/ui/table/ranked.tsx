import type { Place } from '../place/place.js'
import { useRowKeys } from './row-keys.js'
import { type Steady, useSteady } from './steady.js'
import { type Column, sortedBy, Table } from './table.js'

/** What a table of routes or statements is made of. */
interface Listing<T> {
  readonly columns: readonly Column<T>[]
  readonly keyOf: (row: T) => string
  readonly hrefOf: (row: T) => string
  readonly place: Place
}

export interface Ranked<T> extends Listing<T> {
  readonly list: Steady<T> & { renew(): void }
  readonly rows: readonly T[]
  readonly sort: string
}

/**
 * Rows by share of the time, or by the column that the URL names (`sort`): live, in an order that
 * holds, J and K move through them. `question` and `current` are those of `useSteady`.
 */
export function useRanked<T>(
  rows: readonly T[] | undefined,
  listing: Listing<T>,
  question: string,
  current: boolean,
): Ranked<T> {
  const { columns, keyOf, hrefOf, place } = listing
  const sort = place.params.get('sort') ?? 'share'
  const sorted = rows && sortedBy(rows, columns, sort)
  const list = useSteady(sorted, keyOf, `${question} ${sort}`, current)
  const shown = list.rows.map(({ row }) => row)
  useRowKeys({ rows: shown, keyOf, hrefOf, place })
  return { ...listing, list, rows: shown, sort }
}

/** The rows as a table; those that the newest answer does not name any more are pale. */
export function RankedTable<T>({
  ranked: { list, rows, sort, columns, keyOf, hrefOf, place },
  caption,
  selected = place.params.get('sel'),
}: {
  ranked: Ranked<T>
  caption: string
  selected?: string | null
}) {
  const gone = new Set(list.rows.filter(one => one.gone).map(({ row }) => keyOf(row)))
  return (
    <div class="table-wrap">
      <Table
        caption={caption}
        columns={columns}
        rows={rows}
        keyOf={keyOf}
        hrefOf={hrefOf}
        sort={sort}
        gone={row => gone.has(keyOf(row))}
        selected={selected}
      />
    </div>
  )
}
