import type { Fix, Trace, TraceSpan } from '../model.js'
import { answered, figureOf, ofAnswer } from './answers.js'
import { isInSeveral } from './confirm.js'
import { connectionChurn } from './connection-churn.js'
import { count, duration, percent } from './figures.js'
import { configFile } from './fixes.js'
import { nPlusOne } from './n-plus-one.js'
import { nPlusOneCalls } from './n-plus-one-calls.js'
import type {
  Description,
  Detector,
  DetectorMeta,
  Occurrence,
  Told,
  Weighed,
} from './occurrence.js'
import { repeatedStatement } from './repeated-statement.js'
import { median } from './timing.js'
import { unboundedList } from './unbounded-list.js'

const settings = {
  /** One request in four: below that most of what is kept is never asked for again. */
  ratio: 0.25,
  /** Fewer requests make no ratio. */
  asked: 10,
  /** Of repetitions so many may differ without a write that was seen: a clock, a chance, another's write. */
  changed: 0.05,
  /** The typical request takes at least this; what is made in less is made again. */
  typicalMs: 10,
  /** And the quickest of them this: a busy machine stretches all others. */
  quickMs: 3,
  /** What a hit in memory takes at the most (npm run bench cache: 0.03 ms for 1 kB). */
  hitMs: 0.1,
}

const meta: DetectorMeta = {
  id: 'cacheable',
  title: 'The same answer, made again',
  why: 'Many callers ask the same, and each time it is asked from the database and put together anew.',
  threshold: `${settings.ratio * 100} % of the requests of a route that takes ${settings.typicalMs} ms would have had the answer of one before them, at most 30 s old, with nothing written in between.`,
  about: 'code',
}

export const cacheable: Detector = {
  meta,
  detect,
  isConfirmed,
  describe,
  fixes,
  remedy: {
    changes: ({ request }) => ({
      answered: { part: ratioOf(request), inNs: settings.hitMs * 1e6 },
    }),
    how: ({ occurrences }) =>
      `${percent(ratioOf(newest(occurrences).request))} of the requests are answered in ${duration(settings.hitMs)}, from memory; all others as long as they were.`,
  },
  inShort: ({ request }) => `an answer that is the same ${percent(ratioOf(request))} of the time`,
}

/**
 * Finds requests of routes whose answers repeat, by what the recorder has counted of them so far: the last one
 * is judged. What a loop, a repetition, a new connection or a list without a limit makes slow is to be mended,
 * and not to be kept.
 */
function detect(trace: Trace): readonly Occurrence[] {
  return answered(trace).flatMap(request => {
    const asked = figureOf(request, 'hotpath.repeats.asked') ?? 0
    if (asked < settings.asked || ratioOf(request) === 0) return []
    if (request.attributes['hotpath.cache'] === 'hit' || isMended(trace, request)) return []
    return [ofAnswer(meta.id, trace, request, ratioOf(request) * request.durationNs)]
  })
}

/** Whether what the request spends most of its time on has a nearer cause. */
function isMended(trace: Trace, request: TraceSpan): boolean {
  return nearer.some(detector =>
    detector
      .detect(trace)
      .some(one => one.request === request && one.takenNs * 2 >= request.durationNs),
  )
}

const nearer = [connectionChurn, nPlusOne, nPlusOneCalls, repeatedStatement, unboundedList]

/** 0 where more are said to be the same than were asked for: of what cannot be nothing is claimed. */
function ratioOf(request: TraceSpan): number {
  const [same, asked] = ['same', 'asked'].map(
    name => figureOf(request, `hotpath.repeats.${name}`) ?? 0,
  ) as [number, number]
  return same > asked ? 0 : same / Math.max(1, asked)
}

function isConfirmed(weighed: Weighed): boolean {
  const { occurrences } = weighed
  const ms = occurrences.map(({ request }) => request.durationNs / 1e6)
  const last = newest(occurrences)
  const [changed, same] = ['changed', 'same'].map(
    name => figureOf(last.request, `hotpath.repeats.${name}`) ?? 0,
  )
  return (
    isInSeveral(weighed) &&
    ratioOf(last.request) >= settings.ratio &&
    median(ms) >= settings.typicalMs &&
    Math.min(...ms) >= settings.quickMs &&
    (changed ?? 0) <= settings.changed * ((changed ?? 0) + (same ?? 0))
  )
}

/** The recorder's figures are of all requests so far: those of the last request know most. */
function newest(occurrences: readonly Occurrence[]): Occurrence {
  return occurrences.reduce((a, b) => (b.request.startNs > a.request.startNs ? b : a))
}

function describe({ occurrences }: Told): Description {
  const { request } = newest(occurrences)
  const ratio = percent(ratioOf(request))
  const asked = figureOf(request, 'hotpath.repeats.asked') ?? 0
  const personal = figureOf(request, 'hotpath.repeats.personal') ?? 0
  const ms = median(occurrences.map(one => one.request.durationNs / 1e6))
  return [
    `${ratio} of its answers could come from a cache`,
    [
      `Of ${count(asked)} requests that were compared in one process, ${ratio} got byte for byte what the same address had been answered in the 30 s before, with none of the tables that it reads written in between.`,
      `Each takes ${duration(ms)} to be made anew (median of the sampled requests).`,
      ...(personal * 2 > asked
        ? [
            'Most requests carry a credential, and were compared with those of the same caller only.',
          ]
        : []),
    ],
  ]
}

function fixes({ route, request }: Occurrence): Fix[] {
  const personal = (figureOf(request, 'hotpath.repeats.personal') ?? 0) > 0
  return [
    {
      kind: 'config',
      title: 'Let Hotpath keep its answers, with no change of code (docs/response-cache.md)',
      note: `In hotpath.config.js, beside the app's package.json; with npm install libpg-query a write makes old what was read of it. It compares first, and serves once 20 answers were the same.${personal ? " Requests with a credential pass by: name its header in key.headers, as in key: { headers: ['authorization'] }, and each caller has answers of its own." : ''}`,
      text: configFile(
        '  routes: {',
        `    '${route.replaceAll("'", "\\'")}': { cache: { ttl: '30s' } },`,
        '  },',
      ),
    },
  ]
}
