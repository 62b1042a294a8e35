import type { Fix, Trace, TraceSpan } from '../model.js'
import { groups, statementOf } from './calls.js'
import { isInMost } from './confirm.js'
import { duration } from './figures.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceIn,
  type Told,
} from './occurrence.js'
import { isRead, outgoing } from './outgoing.js'
import { type Reading, reading } from './reading.js'
import { spansUnder } from './request.js'
import { partOfRequest } from './sentences.js'
import { median, unionNs } from './timing.js'

const settings = {
  /** A call within one network takes 5 to 30 ms. What takes longer is worth a queue. */
  callMs: 50,
  /** And it is what the caller waits for. */
  share: 0.2,
  /** After it the request only writes its answer: a result that is used costs a statement or work. */
  restMs: 10,
}

const meta: DetectorMeta = {
  id: 'background-work',
  title: 'Work that can wait',
  why: 'The caller waits for something that its answer does not need: a mail, a notice to another service, a webhook.',
  threshold: `${settings.callMs} ms at the end of a request, after which nothing but the answer comes: calls within a network take 5 to 30 ms.`,
  about: 'call',
}

export const backgroundWork: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: {
    changes: ({ calls, request }) => ({
      lasting: new Map(calls.map(call => [call, noteNs(request)])),
    }),
    how: ({ typical }) =>
      `The call is left out, and one more write, which notes what is to be done, comes in: ${duration(noteNs(typical.request) / 1e6)}, as the writes of the request.`,
  },
  inShort: ({ takenNs }) => `a call at its end that can wait: ${duration(takenNs / 1e6)}`,
}

/**
 * Finds calls that tell another service something (POST, PUT, PATCH, DELETE) when everything else is done:
 * no statement and no call begins or ends after they began, and the answer follows at once. In a request that
 * has written something: else the call may be what it was asked for.
 */
function detect(trace: Trace): readonly Occurrence[] {
  return outgoing(trace).flatMap(({ request, target, where, calls }) => {
    const last = calls.at(-1)
    if (last === undefined || calls.length > 1 || isRead(last) || last.status === 'error') return []
    const endNs = last.offsetNs + last.durationNs
    const restNs = request.offsetNs + request.durationNs - endNs
    const takenNs = unionNs(calls)
    if (takenNs < settings.callMs * 1e6 || takenNs < settings.share * request.durationNs) return []
    if (restNs < 0 || restNs > settings.restMs * 1e6) return []
    if (!isLast(last, request) || !hasWritten(request, trace)) return []
    const occurrence = occurrenceIn(meta.id, trace, request, target)
    return [{ ...occurrence, ...(where ? { where } : {}), calls, order: 'sequential', takenNs }]
  })
}

/** What it takes to note what is to be done: as long as a write of the request, by the median. */
function noteNs(request: TraceSpan): number {
  const writes = spansUnder(request).filter(span => isWrite(reading(statementOf(span) ?? '')))
  return median(writes.map(({ durationNs }) => durationNs))
}

const isWrite = ({ operation }: Reading): boolean => operation !== 'select' && operation !== 'other'

function hasWritten(request: TraceSpan, trace: Trace): boolean {
  return groups(trace).some(({ request: of, reading: read }) => of === request && isWrite(read))
}

/** Nothing else of the request was still going on when it began, or began after it. */
function isLast(call: TraceSpan, request: TraceSpan): boolean {
  const stack = [...request.children]
  for (let span = stack.pop(); span; span = stack.pop()) {
    if (span === call || span.service !== request.service) continue
    const holdsIt = span.children.length > 0
    if (!holdsIt && span.offsetNs + span.durationNs > call.offsetNs) return false
    stack.push(...span.children)
  }
  return true
}

function describe({ occurrences, typical }: Told): Description {
  const ms = duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))
  return [
    `${ms} for work that can wait`,
    [
      `After everything else the request calls ${typical.subject}, waits ${ms} (median), and answers at once.`,
      partOfRequest(typical),
    ],
  ]
}

function fixes({ subject }: Occurrence): Fix[] {
  return [
    {
      kind: 'code',
      title: 'Answer first, and do it in a job',
      note: 'Only if the answer needs nothing of what the call returns. A promise that is not awaited is lost when the process ends; a row in a table, written in the transaction that it belongs to, or a queue (BullMQ, pg-boss, SQS) is not.',
      text: `Write down what is to be done (${subject}) together with the data that it is about, answer, and let a worker do it and try again when it fails.`,
    },
  ]
}
