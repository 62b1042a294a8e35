import { useRef } from 'preact/hooks'

export interface Steady<T> {
  /** In the order that was first seen; those that are gone keep their place and their last values. */
  readonly rows: readonly { readonly row: T; readonly gone: boolean }[]
  /** How many came since; they wait, so that nothing moves under the reader. */
  readonly waiting: number
  /** How many of the rows are gone. */
  readonly gone: number
}

/**
 * Holds the order of live rows: values change in place, new rows wait until they are asked for.
 * `order` is the keys in the order shown; it is kept between calls.
 *
 * @example
 * steady(['a', 'b'], [{ k: 'b' }, { k: 'c' }], row => row.k, new Map([['a', { k: 'a' }]]))
 * // rows a (gone), b; waiting 1; gone 1
 */
export function steady<T>(
  order: readonly string[],
  rows: readonly T[],
  keyOf: (row: T) => string,
  last: ReadonlyMap<string, T>,
): Steady<T> {
  const byKey = new Map(rows.map(row => [keyOf(row), row]))
  const shown = order.flatMap(key => {
    const row = byKey.get(key) ?? last.get(key)
    return row === undefined ? [] : [{ row, gone: !byKey.has(key) }]
  })
  const known = new Set(order)
  return {
    rows: shown,
    waiting: rows.filter(row => !known.has(keyOf(row))).length,
    gone: shown.filter(({ gone }) => gone).length,
  }
}

/**
 * `steady` over the life of a view. Another `question` (service, window, filter, order) begins anew; so
 * does `renew`, which is what the waiting rows' button calls.
 */
export function useSteady<T>(
  rows: readonly T[] | undefined,
  keyOf: (row: T) => string,
  question: string,
  /** False while `rows` still answers the question before. */
  current: boolean,
): Steady<T> & { renew(): void } {
  const held = useRef<{ question: string; order: string[]; last: Map<string, T> }>(undefined)
  const begin = (): void => {
    if (rows === undefined) return
    held.current = { question, order: rows.map(keyOf), last: new Map() }
  }
  if (held.current?.question !== question && (current || held.current === undefined)) begin()
  // An empty list has nothing that could move.
  else if (held.current?.order.length === 0) begin()
  const { order = [], last = new Map<string, T>() } = held.current ?? {}
  const result = steady(order, rows ?? [], keyOf, last)
  for (const { row } of result.rows) last.set(keyOf(row), row)
  return { ...result, renew: begin }
}
