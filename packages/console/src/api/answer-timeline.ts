import { enough } from '../diagnose/quantile.js'
import type { Histogram } from '../model.js'
import type { Store, TimelineStep } from '../store/store.js'
import type { TimelineAnswer, TimelinePoint } from './answers.js'
import { latencyOf } from './latency.js'
import { stepOf, stepsOf } from './steps.js'
import { allowOnly, windowAnswer, windowOf } from './window.js'

/** Requests over time: how many, how fast, and a heatmap of latency. */
export async function timeline(
  store: Store,
  query: URLSearchParams,
  nowMs: number,
): Promise<TimelineAnswer> {
  allowOnly(query, ['route'])
  const window = windowOf(query, nowMs)
  const route = query.get('route')
  const stepMs = stepOf(window)
  const [head, found] = await Promise.all([
    windowAnswer(store, window),
    store.timeline('http.server.request.duration', {
      ...window,
      stepMs,
      ...(route === null ? {} : { route }),
    }),
  ])
  const byStart = new Map(found.map(step => [step.startMs, step]))
  const starts = stepsOf(window, stepMs)
  const steps = starts.map(startMs => byStart.get(startMs))
  const count = wholeNumbers(steps.map(step => step?.histogram.count ?? 0))
  const errors = wholeNumbers(steps.map(step => step?.errors ?? 0))
  return {
    ...head,
    route,
    stepMs,
    points: steps.map((step, i) => pointOf(starts[i] ?? 0, step, count[i] ?? 0, errors[i] ?? 0)),
    heatmap: heatmapOf(steps),
  }
}

function pointOf(
  startMs: number,
  step: TimelineStep | undefined,
  count: number,
  errors: number,
): TimelinePoint {
  if (step === undefined || step.histogram.count === 0)
    return { startMs, count, errors, averageMs: null, p50Ms: null, p95Ms: null, p99Ms: null }
  const { averageMs, p50Ms, p95Ms, p99Ms } = latencyOf(step.histogram)
  const tells = count >= enough
  return {
    startMs,
    count,
    errors,
    averageMs,
    p50Ms: tells ? p50Ms : null,
    p95Ms: tells ? p95Ms : null,
    p99Ms: tells ? p99Ms : null,
  }
}

/**
 * Whole numbers with the same running sum as the given ones, within a half: a point that is spread over
 * steps leaves fractions, and a third of a request is nothing to show.
 */
function wholeNumbers(values: readonly number[]): number[] {
  let sum = 0
  return values.map(value => {
    const before = Math.round(sum)
    sum += value
    return Math.round(sum) - before
  })
}

/** Bands to a factor of ten. A band is 78 % wide, so a bucket of 4.4 % lies in one or at its edge. */
const bandsPerDecade = 4
/** 1 µs and 10,000 s, as numbers of bands from 1 ms: what lies outside goes into the outermost. */
const [lowestBand, highestBand] = [-3 * bandsPerDecade, 7 * bandsPerDecade]

/** The bands from the fastest to the slowest that were seen; empty when nothing was. */
function heatmapOf(steps: readonly (TimelineStep | undefined)[]): TimelineAnswer['heatmap'] {
  const bands = steps.map(step => (step === undefined ? new Map() : bandsOf(step.histogram)))
  const seen = bands.flatMap(counts => [...counts.keys()])
  if (seen.length === 0) return { fromMs: [], counts: steps.map(() => []) }
  const first = seen.reduce((least, band) => Math.min(least, band))
  const last = seen.reduce((most, band) => Math.max(most, band))
  const rows = Array.from({ length: last - first + 1 }, (_, k) =>
    wholeNumbers(bands.map(counts => counts.get(first + k) ?? 0)),
  )
  return {
    fromMs: rows.map((_, k) => Number((10 ** ((first + k) / bandsPerDecade)).toPrecision(6))),
    counts: steps.map((_, i) => rows.map(row => row[i] ?? 0)),
  }
}

/** Counts by number of the band, from 1 ms; a bucket counts where its middle lies. */
function bandsOf({ scale, offset, buckets, zeroCount }: Histogram): Map<number, number> {
  const counts = new Map<number, number>()
  const add = (band: number, count: number): void => {
    if (count === 0) return
    const at = Math.min(highestBand, Math.max(lowestBand, band))
    counts.set(at, (counts.get(at) ?? 0) + count)
  }
  add(lowestBand, zeroCount)
  for (const [i, count] of buckets.entries()) {
    const log10Ms = (offset + i + 0.5) * 2 ** -scale * Math.LOG10E * Math.LN2 + 3
    add(Math.floor(log10Ms * bandsPerDecade), count)
  }
  return counts
}
