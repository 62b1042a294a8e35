import type { Fix, Trace, TraceSpan } from '../model.js'
import { isInMost } from './confirm.js'
import { duration } from './figures.js'
import {
  add,
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceIn,
  type Told,
} from './occurrence.js'
import { isRead, outgoing, type OutgoingGroup } from './outgoing.js'
import { sideBySide } from './remedy.js'
import { partOfRequest } from './sentences.js'
import { isAnyBetween, median } from './timing.js'

const settings = {
  /** What is saved is the shorter of the two: a call within one network takes 5 to 30 ms. */
  savedMs: 20,
  share: 0.15,
  /** Code between two calls that belong together takes less. */
  gapMs: 5,
}

const meta: DetectorMeta = {
  id: 'sequential-calls',
  title: 'Calls that could run together',
  why: 'The second waits for the first: the request takes the sum where the longer one would do.',
  threshold: `${settings.savedMs} ms and ${settings.share * 100} % of the request saved, of two calls that only ask, to addresses without an id in them.`,
  about: 'call',
}

export const sequentialCalls: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: sideBySide,
  inShort: ({ takenNs }) =>
    `waiting for a call that could run beside another: ${duration(takenNs / 1e6)}`,
}

/**
 * Finds two calls that only ask (GET), one right after the other, to different addresses. An id in the second
 * one's path may come from the first one's answer: then nothing is said.
 */
function detect(trace: Trace): readonly Occurrence[] {
  const byRequest = new Map<TraceSpan, OutgoingGroup[]>()
  for (const group of outgoing(trace)) add(byRequest, group.request, group)
  return [...byRequest].flatMap(([request, own]) => {
    const once = own.filter(({ calls }) => calls.length === 1 && calls.every(isRead))
    const inOrder = once.toSorted((a, b) => startOf(a) - startOf(b))
    return inOrder.flatMap((second, i) => {
      const first = inOrder[i - 1]
      const [a, b] = [first?.calls[0], second.calls[0]]
      if (!first || !a || !b || !isRightAfter(a, b) || hasId(b)) return []
      const takenNs = Math.min(a.durationNs, b.durationNs)
      if (takenNs < settings.savedMs * 1e6 || takenNs < settings.share * request.durationNs)
        return []
      const { where } = second
      return [
        {
          ...occurrenceIn(meta.id, trace, request, second.target),
          ...(where ? { where } : {}),
          calls: [a, b],
          order: 'sequential' as const,
          takenNs,
          beside: first.target,
        },
      ]
    })
  })
}

const startOf = ({ calls }: OutgoingGroup): number => calls[0]?.offsetNs ?? 0

function isRightAfter(a: TraceSpan, b: TraceSpan): boolean {
  const gapNs = b.offsetNs - (a.offsetNs + a.durationNs)
  if (a.parent !== b.parent || gapNs < 0 || gapNs > settings.gapMs * 1e6) return false
  return !isAnyBetween(a, b)
}

const hasId = ({ attributes }: TraceSpan): boolean =>
  /:\w/.test(String(attributes['url.template'] ?? ''))

function describe({ occurrences, typical }: Told): Description {
  const ms = duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))
  return [
    'Two calls in turn that could run together',
    [
      `${typical.subject} begins when ${typical.beside} has answered.`,
      `The shorter of the two takes ${ms} (median), which running both at once saves.`,
      partOfRequest(typical),
    ],
  ]
}

function fixes(): Fix[] {
  return [
    {
      kind: 'code',
      title: 'Begin both, then wait for both',
      note: 'Unless the second needs what the first has answered: that cannot be seen from outside.',
      text: 'const [one, other] = await Promise.all([askOne(), askOther()])',
      snippet: true,
    },
  ]
}
