import type { TimelineAnswer } from '../../src/api/answers.js'
import { minuteOf } from '../say/times.js'

/** Steps that are shown at least, so that the first minute of an app is no wall. */
const leastSteps = 20

/** Said beside a chart whose axis begins later than the window: when, and why. Empty where it does not. */
export function sinceWords(whole: TimelineAnswer): string {
  const { points } = sinceFirst(whole)
  const [from] = points
  const first = points.find(({ count }) => count > 0)
  if (from === undefined || first === undefined || from === whole.points[0]) return ''
  return `Drawn from ${minuteOf(from.startMs)} on: the first request of this window came at ${minuteOf(first.startMs)}.`
}

/**
 * A timeline from its first request on: of an app that was attached a minute ago the last quarter of
 * an hour would be an empty chart with a hair at its end.
 */
export function sinceFirst(answer: TimelineAnswer): TimelineAnswer {
  const { points, heatmap } = answer
  const first = points.findIndex(({ count }) => count > 0)
  const from = Math.max(0, Math.min(first - 1, points.length - leastSteps))
  if (from <= 0) return answer
  return {
    ...answer,
    points: points.slice(from),
    heatmap: { ...heatmap, counts: heatmap.counts.slice(from) },
  }
}
