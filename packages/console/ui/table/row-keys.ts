import { useKeys } from '../keys/keys.js'
import { change, go, type Place } from '../place/place.js'
import { rowHeight } from './table.js'

/** J and K move a selection that lives in the URL, Enter opens it. */
export function useRowKeys<T>({
  rows,
  keyOf,
  hrefOf,
  place,
}: {
  rows: readonly T[]
  keyOf: (row: T) => string
  hrefOf: (row: T) => string
  place: Place
}): void {
  const at = rows.findIndex(row => keyOf(row) === place.params.get('sel'))
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, at + by))
    const row = rows[next]
    if (row === undefined) return
    change({ sel: keyOf(row) })
    const top = document.querySelector('table.rows tbody')?.getBoundingClientRect().top ?? 0
    const y = top + next * rowHeight
    if (y < 100) scrollBy(0, y - 100)
    else if (y > innerHeight - 80) scrollBy(0, y - innerHeight + 80)
  }
  const row = rows[at]
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: row === undefined ? undefined : () => go(hrefOf(row)),
  })
}
