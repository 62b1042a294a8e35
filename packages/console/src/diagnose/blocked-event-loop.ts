import type { Fix, Trace, TraceSpan } from '../model.js'
import { callSite } from './calls.js'
import { chattyTransaction } from './chatty-transaction.js'
import { figureOf } from './answers.js'
import { blockMs, isItsCode } from './computing.js'
import { duration, percent } from './figures.js'
import {
  add,
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceIn,
  type Told,
  type Weighed,
} from './occurrence.js'
import { requestsOf } from './request.js'
import { largePayload } from './large-payload.js'
import { partOfRequest } from './sentences.js'
import { serialisedMs, slowSerialisation } from './slow-serialisation.js'
import { median, unionNs } from './timing.js'
import { unboundedList } from './unbounded-list.js'

const meta: DetectorMeta = {
  id: 'blocked-event-loop',
  title: 'It keeps the event loop',
  why: 'Node runs the code of all requests in one thread: while one computes, nobody else is answered.',
  threshold: `${blockMs} ms at a stretch, in most requests and three at least: a garbage collection takes 1 to 10 ms, and the first ones compile its code.`,
  about: 'code',
}

export const blockedEventLoop: Detector = {
  meta,
  detect,
  isConfirmed,
  describe,
  fixes: () => [elsewhere],
  remedy: {
    changes: () => undefined,
    how: () =>
      'The work takes as long in another thread: this request gains nothing. What the others gain, which wait for it now, cannot be seen in their traces.',
  },
  inShort: ({ takenNs }) => `code that keeps the event loop: ${duration(takenNs / 1e6)}`,
}

/**
 * Finds the spans that the recorder makes where a request's code ran for long without a pause. What follows at
 * once on a list of thousands of rows works on them: the list is the cause. So are locks that are held meanwhile,
 * and an answer that is named for the time that it takes to be written.
 */
function detect(trace: Trace) {
  const blocked = trace.spans.filter(({ attributes }) => attributes['hotpath.blocked'] === true)
  if (blocked.length === 0) return []
  const requests = requestsOf(trace)
  const lists = unboundedList.detect(trace).flatMap(({ calls }) => calls)
  const locked = new Set(chattyTransaction.detect(trace).flatMap(({ calls }) => calls))
  const written = new Set(
    [slowSerialisation, largePayload].flatMap(one =>
      one.detect(trace).map(({ request }) => request),
    ),
  )
  const byRequest = new Map<TraceSpan, TraceSpan[]>()
  for (const span of blocked) {
    const request = requests.get(span)
    if (request === undefined || locked.has(span) || isOfAnswer(span, request, written)) continue
    if (!lists.some(list => isRightBehind(span, list))) add(byRequest, request, span)
  }
  return [...byRequest].map(([request, calls]) => {
    const profiled = calls.find(call => shareOf(call) !== undefined)
    const where = [...(profiled ? [profiled] : []), ...calls].map(callSite).find(Boolean)
    return {
      ...occurrenceIn(meta.id, trace, request, 'the event loop'),
      ...(where ? { where } : {}),
      ...(profiled ? { isCause: true as const } : {}),
      calls,
      order: 'sequential' as const,
      takenNs: unionNs(calls),
    }
  })
}

/** It puts the answer into bytes, and that is named: what takes place between two figures is one cause. */
function isOfAnswer(span: TraceSpan, request: TraceSpan, written: ReadonlySet<TraceSpan>): boolean {
  const isLast = request.children.at(-1) === span
  return isLast && written.has(request) && serialisedMs(request) * 2e6 >= span.durationNs
}

/** Clocks are rounded: by a millisecond at most. */
function isRightBehind(span: TraceSpan, call: TraceSpan): boolean {
  return Math.abs(span.offsetNs - call.offsetNs - call.durationNs) <= 1e6
}

function isConfirmed(weighed: Weighed): boolean {
  return isItsCode(weighed, ({ calls }) =>
    Math.max(...calls.map(({ durationNs }) => durationNs / 1e6)),
  )
}

/** Of the samples of such a block, the part in which the frame that is named was the app's innermost. */
const shareOf = (span: TraceSpan): number | undefined => figureOf(span, 'hotpath.blocked.share')

/** The frame that computes, where the recorder's profiler saw it; else what the place is that is named. */
function whereInWords(occurrences: readonly Occurrence[], typical: Occurrence): string[] {
  const profiled = occurrences.filter(({ isCause }) => isCause).flatMap(({ calls }) => calls)
  const span = profiled.find(call => shareOf(call) !== undefined)
  const site = span && callSite(span)
  if (span !== undefined && site !== undefined) {
    const name = site.function === undefined ? 'The code at' : `\`${site.function}\``
    const place = `${site.file}:${site.line}`
    const at = site.function === undefined ? ` ${place}` : ` (${place})`
    return [
      `${name}${at} computes in ${percent(shareOf(span) ?? 0)} of such a block, by Node's profiler.`,
    ]
  }
  if (typical.where === undefined) return []
  return ['The place that is named is where the code had come to when it was over.']
}

function describe({ occurrences, typical }: Told): Description {
  const ms = duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))
  return [
    `It keeps the event loop for ${ms}`,
    [
      `Its code runs for ${ms} (median) without a pause; all other requests of the process wait meanwhile.`,
      ...whereInWords(occurrences, typical),
      partOfRequest(typical),
    ],
  ]
}

const elsewhere: Fix = {
  kind: 'code',
  title: 'Let it run elsewhere',
  note: 'Of what Node has in two forms, take the one that does not end in Sync: crypto.scrypt, fs.promises, zlib.gzip run in other threads. What is your own code goes to a worker thread (piscina keeps a pool of them), or is done in slices with a setImmediate in between.',
  text: "import { scrypt } from 'node:crypto'\nimport { promisify } from 'node:util'\nconst hash = await promisify(scrypt)(password, salt, 32)   // not scryptSync",
  snippet: true,
}
