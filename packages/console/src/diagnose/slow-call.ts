import type { Fix, Trace } from '../model.js'
import { backgroundWork } from './background-work.js'
import { chattyTransaction } from './chatty-transaction.js'
import { isInMost } from './confirm.js'
import { count, duration } from './figures.js'
import { nPlusOneCalls } from './n-plus-one-calls.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceIn,
  type Told,
} from './occurrence.js'
import { isRead, outgoing } from './outgoing.js'
import { partOfRequest } from './sentences.js'
import { median, orderOf, unionNs } from './timing.js'

const settings = {
  /** From about 100 ms on a person notices; a service beside this one answers in 5 to 30 ms. */
  callMs: 100,
  /** And it is a good part of what the caller waits for. */
  share: 0.3,
}

const meta: DetectorMeta = {
  id: 'slow-call',
  title: 'Slow call',
  why: 'The request is as slow as the service that it asks.',
  threshold: `${settings.callMs} ms and ${settings.share * 100} % of the request: a service beside this one answers in 5 to 30 ms.`,
  about: 'call',
}

export const slowCall: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: {
    changes: () => undefined,
    how: ({ occurrences }) =>
      `How often its answer could be kept, or how early the call could begin, cannot be seen. No fix gains more than the call itself: ${duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))} of ${duration(median(occurrences.map(({ request }) => request.durationNs / 1e6)))} (medians).`,
  },
  inShort: ({ takenNs, subject }) => `a slow call, ${subject}: ${duration(takenNs / 1e6)}`,
}

/**
 * Finds calls to other services that a request waits long for. Loops of calls, work that can wait, and calls with
 * locks held are named as such.
 */
function detect(trace: Trace): readonly Occurrence[] {
  const named = new Set(
    [
      ...nPlusOneCalls.detect(trace),
      ...backgroundWork.detect(trace),
      ...chattyTransaction.detect(trace),
    ].flatMap(({ calls }) => calls),
  )
  return outgoing(trace).flatMap(({ request, target, where, calls }) => {
    const slow = calls.filter(({ durationNs }) => durationNs >= settings.callMs * 1e6)
    const takenNs = unionNs(slow)
    if (slow.length === 0 || slow.some(call => named.has(call))) return []
    if (takenNs < settings.share * request.durationNs) return []
    const occurrence = occurrenceIn(meta.id, trace, request, target)
    return [
      {
        ...occurrence,
        ...(where ? { where } : {}),
        calls: slow,
        order: orderOf(slow),
        takenNs,
      },
    ]
  })
}

function describe({ occurrences, typical, calls }: Told): Description {
  const ms = duration(
    median(occurrences.flatMap(one => one.calls.map(call => call.durationNs / 1e6))),
  )
  return [
    `Slow call: ${ms}`,
    [
      `${typical.subject} takes ${ms} (median of the sampled requests).`,
      ...(calls > 1 ? [`It is called ${count(calls)} times in one request.`] : []),
      partOfRequest(typical),
    ],
  ]
}

function fixes({ calls, subject }: Occurrence): Fix[] {
  const reads = calls.every(isRead)
  return [
    ...(reads
      ? [
          {
            kind: 'code' as const,
            title: 'Keep its answer for as long as it may be old (docs/cache.md)',
            note: 'What is right for all callers may be shared; what is one caller’s has that caller in its key.',
            text: keptAnswer(subject),
            snippet: true as const,
          },
        ]
      : []),
    {
      kind: 'code',
      title: 'Do not let it hold the request',
      text: 'Begin the call before the statements that do not need it, and await it last; give it a time limit (AbortSignal.timeout), so that a service that hangs does not make this one hang.',
    },
  ]
}

function keptAnswer(subject: string): string {
  const [, url = subject] = subject.split(' ')
  const parameters = [...url.matchAll(/:([a-z_]\w*)/gi)].map(([, name]) => name ?? 'id')
  const names = parameters.map((name, i) => (parameters.indexOf(name) === i ? name : `${name}${i}`))
  let at = 0
  const address = url.replaceAll(/:[a-z_]\w*/gi, () => `\${${names[at++] ?? 'id'}}`)
  // The port tells most often; where it does not, the reader sees it.
  const scheme = /:443(?:\/|$)/.test(url) ? 'https' : 'http'
  return [
    "import { cache } from 'hotpath/cache'",
    `const ask = cache(async (${names.join(', ')}) => {`,
    `  const response = await fetch(\`${scheme}://${address}\`, { signal: AbortSignal.timeout(2_000) })`,
    '  if (!response.ok) throw new Error(`answered ${response.status}`)',
    '  return response.json()',
    "}, { name: 'ask', ttl: '30s', stale: '5m' })",
  ].join('\n')
}
