import type { Finding, Histogram, Trace } from '../model.js'
import { duration } from './figures.js'
import { idFor } from './findings.js'
import { emptyHistogram, merge, quantile } from './quantile.js'
import { type Beside, requestsOfRoute, type Stretch } from './beside.js'

const settings = {
  /** Half as slow again: less is what a busier hour does. */
  rise: 1.5,
  /** And it is to be felt. */
  riseMs: 5,
  /** Stretches with so many requests each have a median ... */
  requests: 10,
  /**
   * ... and so many of them on both sides must not overlap: the quickest now is slower than the slowest then.
   * However the medians are spread, of twice six from one day that is so once in 924 times ...
   */
  stretches: 6,
  /** ... and of twice ten, with one on each side left out, once in 1,800. */
  many: 10,
  /** And not by a hair. */
  apart: 1.2,
}

/** What a route is compared with. */
export interface Compared extends Beside {
  /** `at the same time yesterday`, `before the restart at 14:02`. */
  readonly with: string
}

/** Whether a difference of two medians is worth a closer look. */
export function isSlower(then: Histogram, now: Histogram): boolean {
  const [before, after] = [medianMs(then), medianMs(now)]
  return after >= settings.rise * before && after - before >= settings.riseMs
}

/**
 * Finds routes that have become slower, against the same hours before, and against the processes that ran
 * before the newest ones. Each is a list that must hold as a whole: who is slower than yesterday and not
 * than a week ago has a slow day each week.
 */
export function latencyRegressions(
  comparisons: readonly (readonly Compared[])[],
  traces: readonly Trace[],
): Finding[] {
  const found = new Map<string, Finding>()
  for (const all of comparisons) {
    const [first] = all
    if (first === undefined || !all.every(isRegression)) continue
    const finding = findingOf(all, first, traces)
    if (!found.has(finding.id)) found.set(finding.id, finding)
  }
  return [...found.values()]
}

function isRegression({ before: then, now }: Compared): boolean {
  if (!isSlower(sumOf(then), sumOf(now))) return false
  const [before, after] = [medians(then), medians(now)]
  const fewest = Math.min(before.length, after.length)
  if (fewest < settings.stretches) return false
  const spared = fewest >= settings.many ? 1 : 0
  return (after[spared] ?? 0) >= settings.apart * (before.at(-1 - spared) ?? 0)
}

/** Of the stretches with enough requests, in order. */
const medians = (stretches: readonly Stretch[]): number[] =>
  stretches
    .filter(({ histogram }) => histogram.count >= settings.requests)
    .map(({ histogram }) => medianMs(histogram))
    .sort((a, b) => a - b)

const sumOf = (stretches: readonly Stretch[]): Histogram =>
  stretches.reduce((sum, { histogram }) => merge(sum, histogram), emptyHistogram)

const medianMs = (histogram: Histogram): number => (quantile(histogram, 0.5) ?? 0) * 1e3

const meanMs = ({ sum, count }: Histogram): number => (sum * 1e3) / Math.max(1, count)

function findingOf(all: readonly Compared[], one: Compared, traces: readonly Trace[]): Finding {
  const [then, now] = [sumOf(one.before), sumOf(one.now)]
  const [beforeMs, afterMs] = [medianMs(then), medianMs(now)]
  const moreMs = Math.max(0, meanMs(now) - meanMs(then))
  const sampled = requestsOfRoute(traces, one)
  return {
    id: idFor('latency-regression', one.service, one.route, 'the route'),
    kind: 'latency-regression',
    service: one.service,
    route: one.route,
    about: 'code',
    subject: 'the route',
    title: `Slower than before: ${duration(afterMs)}, was ${duration(beforeMs)}`,
    evidence: {
      requests: sampled.length,
      of: sampled.length,
      sentences: all.map(compared => {
        const before = sumOf(compared.before)
        const p95 = (histogram: Histogram) => duration((quantile(histogram, 0.95) ?? 0) * 1e3)
        return `The typical request takes ${duration(afterMs)}, and took ${duration(medianMs(before))} ${compared.with}; one in twenty takes ${p95(now)} or more, and took ${p95(before)}.`
      }),
      traces: [...sampled]
        .sort((a, b) => b.durationNs - a.durationNs)
        .slice(0, 3)
        .map(span => ({
          traceId: span.traceId,
          spanIds: [span.spanId],
          durationMs: span.durationNs / 1e6,
        })),
      calls: 1,
    },
    cost: {
      msPerRequest: moreMs,
      share: Math.min(1, moreMs / Math.max(1e-9, meanMs(now))),
      totalMs: moreMs * now.count,
      counted: Math.round(now.count),
    },
    gain: {
      how: [
        'What would mend it is not known: its cause is not. At most it takes again what it took before, which is what it costs.',
      ],
      predicted: null,
    },
    fixes: [
      {
        kind: 'code',
        title: 'Compare a trace of now with one of then',
        text: 'The page shows two traces side by side, span by span (Compare, at the head of a trace). What has grown, or is new, is the cause: most often a statement whose table has grown, or what was deployed when it began.',
      },
    ],
    status: 'open',
  }
}
