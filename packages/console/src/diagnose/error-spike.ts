import type { Finding, Trace } from '../model.js'
import { isFailure } from '../model.js'
import { count, counted, duration, percent } from './figures.js'
import { idFor } from './findings.js'
import { type Beside, requestsOfRoute } from './beside.js'
import { unusualFrom, usualOf } from './usual.js'

/** What it is, for people; `usual.ts` says from where on a share of failures is unusual, and why. */
const title = 'More failures than usual'
/** So many failed requests are named. */
const namedTraces = 3

/**
 * Finds routes that fail more often than in the day before: by the same test as alerts on errors. A route
 * without a day to compare with has nothing usual, and nothing is said of it.
 */
export function errorSpikes(routes: readonly Beside[], traces: readonly Trace[]): Finding[] {
  return routes.flatMap(one => {
    const requests = one.now.reduce((sum, { histogram }) => sum + histogram.count, 0)
    const errors = one.now.reduce((sum, stretch) => sum + stretch.errors, 0)
    const usual = usualOf(
      one.before.map(stretch => ({ count: stretch.histogram.count, errors: stretch.errors })),
    )
    if (usual === undefined || requests === 0) return []
    if (errors / requests < unusualFrom(usual, Math.round(requests))) return []
    const failed = requestsOfRoute(traces, one).filter(({ attributes }) => isFailure(attributes))
    const ms = failed.map(({ durationNs }) => durationNs / 1e6)
    const mean = ms.length === 0 ? 0 : ms.reduce((a, b) => a + b, 0) / ms.length
    const finding: Finding = {
      id: idFor('error-spike', one.service, one.route, title),
      kind: 'error-spike',
      service: one.service,
      route: one.route,
      about: 'code',
      subject: title,
      title: `${percent(errors / requests)} of the requests fail`,
      evidence: {
        requests: failed.length,
        of: requestsOfRoute(traces, one).length,
        sentences: [
          `${count(errors)} of ${counted(requests, 'request')} failed with a status from 500 up, where ${percent(usual.share)} did in the day before: by chance that happens less than once in a million times.`,
          ...(ms.length === 0 ? [] : [`A failed one takes ${duration(mean)} on average.`]),
        ],
        traces: failed.slice(0, namedTraces).map(span => ({
          traceId: span.traceId,
          spanIds: [span.spanId],
          durationMs: span.durationNs / 1e6,
        })),
        calls: 1,
      },
      // All of a request that fails is for nothing.
      cost: {
        msPerRequest: (mean * errors) / requests,
        share: errors / requests,
        totalMs: mean * errors,
        counted: Math.round(requests),
      },
      gain: {
        how: ['What would mend it is not known: its cause is not.'],
        predicted: null,
      },
      fixes: [
        {
          kind: 'code',
          title: 'See where they end',
          text: 'Each trace that is named here shows what a request had done before it failed; the failed statement or call carries its SQLSTATE or error code. What was changed or deployed when it began is the first suspect.',
        },
      ],
      status: 'open',
    }
    return [finding]
  })
}
