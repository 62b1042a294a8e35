/**
 * Which numbers of a process's deliveries have come: all up to `last` but those in `gaps`. Gaps are
 * inclusive ranges, ascending. Our recorder sends number n + 1 only when n was acknowledged, so there
 * is rarely one.
 */
export interface Sequence {
  readonly received: number
  readonly last: number
  readonly gaps: readonly (readonly [from: number, to: number])[]
}

export const emptySequence: Sequence = { received: 0, last: 0, gaps: [] }

/** Ranges that are remembered; a number in a forgotten one counts as seen. */
const gapLimit = 1_000

/** The state after `number` came, or null when it came before. */
export function take(state: Sequence, number: number): Sequence | null {
  const received = state.received + 1
  if (number > state.last) {
    const gaps: Sequence['gaps'] =
      number === state.last + 1 ? state.gaps : [...state.gaps, [state.last + 1, number - 1]]
    return { received, last: number, gaps: gaps.slice(-gapLimit) }
  }
  const at = state.gaps.findIndex(([from, to]) => number >= from && number <= to)
  const gap = state.gaps[at]
  if (gap === undefined) return null
  const rest = (
    [
      [gap[0], number - 1],
      [number + 1, gap[1]],
    ] as const
  ).filter(([a, b]) => a <= b)
  return { received, last: state.last, gaps: state.gaps.toSpliced(at, 1, ...rest) }
}

/** Numbers that never came. */
export const missing = (state: Sequence): number => state.last - state.received
