import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { hereWith } from '../place/place.js'
import { useNarrow } from './use-narrow.js'
import { evenTops, useVirtual } from './virtual.js'

export interface Column<T> {
  readonly key: string
  readonly title: string
  readonly cell: (row: T) => ComponentChildren
  /** What it is sorted by; a column without is not sorted by. */
  readonly value?: (row: T) => number | string | null
  readonly align?: 'right'
  /** On a phone: the first line of the card, a labelled figure below it, or left out. */
  readonly card?: 'title' | 'figure' | 'none'
  readonly width?: string
}

export const rowHeight = 36
/** Of a card on a phone: a line for the title, two for the figures. */
const cardHeight = 92

/** A long list of rows of one height, of which those in view exist. Each row is a link. */
export function Table<T>({
  caption,
  columns,
  rows,
  keyOf,
  hrefOf,
  sort,
  gone,
  selected,
}: {
  caption: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  keyOf: (row: T) => string
  hrefOf: (row: T) => string
  /** The column sorted by; absent where the order is not to be chosen. */
  sort?: string | undefined
  gone?: (row: T) => boolean
  selected?: string | null
}) {
  const narrow = useNarrow()
  const tops = useMemo(
    () => evenTops(rows.length, narrow ? cardHeight : rowHeight),
    [rows.length, narrow],
  )
  const { ref, slice } = useVirtual<HTMLTableSectionElement>(tops)
  return (
    <table class="rows" aria-rowcount={rows.length + 1} data-hold>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(column => (
            <Title key={column.key} column={column} sort={sort} />
          ))}
        </tr>
      </thead>
      <tbody ref={ref}>
        <Space height={slice.before} />
        {rows.slice(slice.first, slice.end).map((row, i) => {
          const key = keyOf(row)
          return (
            <tr
              key={key}
              aria-rowindex={slice.first + i + 2}
              class={`${selected === key ? 'selected' : ''} ${gone?.(row) ? 'gone' : ''}`}
            >
              {columns.map((column, c) => (
                <td key={column.key} class={classOf(column)} data-title={column.title}>
                  {c === 0 ? (
                    <a class="whole" href={hrefOf(row)}>
                      {column.cell(row)}
                    </a>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          )
        })}
        <Space height={slice.after} />
      </tbody>
    </table>
  )
}

function Title<T>({ column, sort }: { column: Column<T>; sort: string | undefined }) {
  const sorted = sort === column.key
  return (
    <th
      scope="col"
      class={classOf(column)}
      style={column.width === undefined ? undefined : { width: column.width }}
      aria-sort={sorted ? (column.align === 'right' ? 'descending' : 'ascending') : undefined}
    >
      {sort !== undefined && column.value !== undefined ? (
        <a href={hereWith({ sort: column.key })}>
          {column.title}
          {sorted && <span aria-hidden="true"> {column.align === 'right' ? '↓' : '↑'}</span>}
        </a>
      ) : (
        column.title
      )}
    </th>
  )
}

function Space({ height }: { height: number }) {
  return height === 0 ? null : (
    <tr class="space" aria-hidden="true">
      <td style={{ height: `${height}px` }} />
    </tr>
  )
}

function classOf({ align, card = 'figure' }: { align?: 'right'; card?: string }): string {
  return `${align ?? ''} card-${card}`
}

/** Sorted by a column: figures from the largest down, what is unknown last; texts by alphabet. */
export function sortedBy<T>(rows: readonly T[], columns: readonly Column<T>[], key: string): T[] {
  const value = columns.find(column => column.key === key)?.value
  if (value === undefined) return [...rows]
  return rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)]
    if (typeof x === 'string' && typeof y === 'string') return x.localeCompare(y)
    return Number(y ?? -1) - Number(x ?? -1)
  })
}
