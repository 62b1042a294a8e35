import type { Zoom } from './folds.js'

/** A gap takes this part of the width, however long it is: room for the zigzag and its length. */
const gapPart = 0.13
/** A shorter one stays as it is. */
const leastPart = 0.2

export interface Gap {
  /** Nanoseconds that it stands for, of what is shown. */
  readonly ns: number
  /** From where to where it is drawn, as parts of the width. */
  readonly left: number
  readonly right: number
}

/** Where a moment of the trace stands: time runs evenly, but for gaps that are folded. */
export interface Scale {
  readonly zoom: Zoom
  readonly gaps: readonly Gap[]
  /** The part of the width at which a moment of what is shown stands, 0 to 1. */
  at(ns: number): number
}

/**
 * The scale of what is shown. Of `gaps`, in which nothing ran, those that would take more than a fifth
 * of it are folded; none when nothing else would be left.
 *
 *     0 ━━━━━━━━━━━ ⌇ 4.2 s ⌇ ━━━━ 4.31 s
 */
export function scaleOf(zoom: Zoom, gaps: readonly (readonly [number, number])[]): Scale {
  const whole = zoom.to - zoom.from
  const cuts = gaps
    .map(([from, to]) => [Math.max(from, zoom.from), Math.min(to, zoom.to)] as const)
    .filter(([from, to]) => to - from > leastPart * whole)
  const cutNs = cuts.reduce((sum, [from, to]) => sum + to - from, 0)
  const even = (ns: number): number => (ns - zoom.from) / whole
  if (cuts.length === 0 || cutNs >= whole) return { zoom, gaps: [], at: even }
  const perNs = (1 - gapPart * cuts.length) / (whole - cutNs)
  const at = (ns: number): number =>
    cuts.reduce(
      (sum, [from, to]) => {
        const inside = Math.min(Math.max(0, ns - from), to - from)
        return sum + inside * (gapPart / (to - from) - perNs)
      },
      (ns - zoom.from) * perNs,
    )
  const folded = cuts.map(([from, to]) => ({ ns: to - from, left: at(from), right: at(to) }))
  return { zoom, gaps: folded, at }
}
