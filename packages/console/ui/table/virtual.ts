import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** Rows drawn above and below what is seen, so that a quick scroll shows no gap. */
const spare = 8

export interface Slice {
  readonly first: number
  /** Behind the last. */
  readonly end: number
  /** Pixels of the rows left out above and below. */
  readonly before: number
  readonly after: number
}

/**
 * Which rows of a long list are in view, as the page scrolls. `tops` holds where each row begins and,
 * at its end, the height of all: heights may differ, but are known. Ten thousand rows cost as much as
 * the fifty that are seen.
 */
export function useVirtual<E extends HTMLElement>(
  tops: readonly number[],
): {
  ref: RefObject<E | null>
  slice: Slice
  /** Scrolls so that a row is seen, if it is not. */
  show(index: number): void
} {
  const ref = useRef<E>(null)
  const [seen, setSeen] = useState<readonly [number, number]>([0, innerHeight])
  useEffect(() => {
    const update = (): void => {
      const top = ref.current?.getBoundingClientRect().top
      if (top === undefined) return
      // In steps of rows, so that most scroll events draw nothing.
      const from = Math.floor(Math.max(0, -top) / 160) * 160
      setSeen(before =>
        before[0] === from && before[1] === from + innerHeight + 160
          ? before
          : [from, from + innerHeight + 160],
      )
    }
    update()
    addEventListener('scroll', update, { passive: true })
    addEventListener('resize', update)
    return () => {
      removeEventListener('scroll', update)
      removeEventListener('resize', update)
    }
  }, [tops.length])
  return {
    ref,
    slice: sliceOf(tops, seen[0], seen[1]),
    show(index) {
      const top = ref.current?.getBoundingClientRect().top
      const at = tops[index]
      if (top === undefined || at === undefined) return
      const y = top + at
      const h = (tops[index + 1] ?? at) - at
      // The header of the page covers 48 px; a little more keeps a neighbour in view.
      if (y < 88) scrollBy(0, y - 88)
      else if (y + h > innerHeight - 40) scrollBy(0, y + h - innerHeight + 40)
    },
  }
}

/** The rows between two heights, with those to spare. */
export function sliceOf(tops: readonly number[], from: number, to: number): Slice {
  const rows = Math.max(0, tops.length - 1)
  const first = Math.max(0, rowAt(tops, from) - spare)
  const end = Math.min(rows, rowAt(tops, to) + 1 + spare)
  const height = tops[rows] ?? 0
  return { first, end, before: tops[first] ?? 0, after: height - (tops[end] ?? height) }
}

/** The row that covers a height, by bisection. */
function rowAt(tops: readonly number[], y: number): number {
  let low = 0
  let high = Math.max(0, tops.length - 2)
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((tops[middle] ?? 0) <= y) low = middle
    else high = middle - 1
  }
  return low
}

/** Where rows of one height begin. */
export const evenTops = (rows: number, height: number): number[] =>
  Array.from({ length: rows + 1 }, (_, i) => i * height)
