import type { TimelineAnswer } from '../../src/api/answers.js'

/** Where the heatmap lies on its canvas: room for the labels at the left and below. */
export const margin = { left: 52, right: 12, top: 8, bottom: 24 }

/** A part of the heatmap: times in milliseconds since 1970, durations in milliseconds. */
export interface Brush {
  readonly fromMs: number
  readonly toMs: number
  readonly minMs: number
  /** Null up to the last band, which has no end. */
  readonly maxMs: number | null
}

export interface Cells {
  readonly columns: number
  /** First and last band that has a request anywhere: empty bands above and below are left out. */
  readonly low: number
  readonly high: number
  readonly most: number
}

export function cellsOf({ points, heatmap }: TimelineAnswer): Cells {
  let low = heatmap.fromMs.length
  let high = -1
  let most = 0
  for (const column of heatmap.counts)
    column.forEach((n, band) => {
      if (n === 0) return
      low = Math.min(low, band)
      high = Math.max(high, band)
      most = Math.max(most, n)
    })
  if (high < 0) return { columns: points.length, low: 0, high: 0, most: 0 }
  // Two decades at least, so that a single busy band is no wall.
  while (high - low < 8 && (low > 0 || high < heatmap.fromMs.length - 1)) {
    if (low > 0) low--
    if (high < heatmap.fromMs.length - 1) high++
  }
  return { columns: points.length, low, high, most }
}

/** The cells under two corners of a drag, in pixels of the canvas, as times and durations. */
export function brushOf(
  answer: TimelineAnswer,
  cells: Cells,
  size: { readonly width: number; readonly height: number },
  a: readonly [x: number, y: number],
  b: readonly [x: number, y: number],
): Brush {
  const column = (x: number): number =>
    Math.floor(((x - margin.left) / (size.width - margin.left - margin.right)) * cells.columns)
  const bands = cells.high - cells.low + 1
  const high = size.height - margin.top - margin.bottom
  const band = (y: number): number =>
    cells.low + Math.floor(((high - (y - margin.top)) / high) * bands)
  const [from, to] = ordered(
    clamp(column(a[0]), 0, cells.columns - 1),
    clamp(column(b[0]), 0, cells.columns - 1),
  )
  const [low, top] = ordered(
    clamp(band(a[1]), cells.low, cells.high),
    clamp(band(b[1]), cells.low, cells.high),
  )
  const startMs = answer.points[from]?.startMs ?? answer.sinceMs
  const endMs = (answer.points[to]?.startMs ?? answer.untilMs) + answer.stepMs
  return {
    fromMs: startMs,
    toMs: endMs,
    minMs: answer.heatmap.fromMs[low] ?? 0,
    maxMs: answer.heatmap.fromMs[top + 1] ?? null,
  }
}

/** Where a brush lies, as parts of width and height from the left and the bottom; the inverse of `brushOf`. */
export function boxOf(
  answer: TimelineAnswer,
  cells: Cells,
  brush: Brush,
): { left: number; right: number; bottom: number; top: number } {
  const first = answer.points[0]?.startMs ?? answer.sinceMs
  const span = Math.max(1, cells.columns * answer.stepMs)
  const bands = cells.high - cells.low + 1
  const bandAt = (ms: number): number => {
    const at = answer.heatmap.fromMs.findIndex(fromMs => fromMs >= ms * 0.999)
    return at < 0 ? answer.heatmap.fromMs.length : at
  }
  const part = (value: number): number => clamp(value, 0, 1)
  return {
    left: part((brush.fromMs - first) / span),
    right: part((brush.toMs - first) / span),
    bottom: part((bandAt(brush.minMs) - cells.low) / bands),
    top: brush.maxMs === null ? 1 : part((bandAt(brush.maxMs) - cells.low) / bands),
  }
}

export const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, value))

const ordered = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a])
