import type { AskedWindow } from './window.js'

/** Lengths of a step in seconds; beyond the last, whole days. */
const lengths = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600,
  43_200, 86_400,
]
const dayMs = 86_400e3

/** More columns than this are too narrow to point at in a chart of 320 pixels. */
const mostSteps = 75

/**
 * The length of the steps in which a window is drawn, in milliseconds: the shortest round one that
 * gives at most 75. 15 minutes have 60 steps of 15 s, a day 72 of 20 min.
 */
export function stepOf({ sinceMs, untilMs }: AskedWindow): number {
  const lengthMs = Math.max(1, untilMs - sinceMs)
  const found = lengths.find(seconds => lengthMs / (seconds * 1e3) <= mostSteps)
  return found === undefined ? Math.ceil(lengthMs / mostSteps / dayMs) * dayMs : found * 1e3
}

/** The starts of the steps of a window; the first is a multiple of `stepMs` at or before its start. */
export function stepsOf({ sinceMs, untilMs }: AskedWindow, stepMs: number): number[] {
  const firstMs = Math.floor(sinceMs / stepMs) * stepMs
  const length = Math.max(1, Math.ceil((untilMs - firstMs) / stepMs))
  return Array.from({ length }, (_, i) => firstMs + i * stepMs)
}
