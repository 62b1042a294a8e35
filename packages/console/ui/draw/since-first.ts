import type { TimelineAnswer } from '../../src/api/answers.js'

/** Steps that are shown at least, so that the first minute of an app is no wall. */
const leastSteps = 20

/**
 * A timeline from its first request on: of an app that was attached a minute ago the last quarter of
 * an hour would be an empty chart with a hair at its end. The axis says the times that are left.
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
