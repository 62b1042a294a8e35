import type { Fix, Trace, TraceSpan } from '../model.js'
import { answered, figureOf, ofAnswer } from './answers.js'
import { isInMost } from './confirm.js'
import { bytes, duration } from './figures.js'
import { largeResult } from './large-result.js'
import type { Description, Detector, DetectorMeta, Occurrence, Told } from './occurrence.js'
import { overSelect } from './over-select.js'
import { partOfRequest } from './sentences.js'
import { median } from './timing.js'
import { unboundedList } from './unbounded-list.js'
import { unpredicted } from './remedy.js'

const settings = {
  /** JSON.stringify keeps the event loop 1.4 ms for 500 kB, and a phone at 10 Mbit/s waits 400 ms for them. */
  bytes: 500_000,
  /** What compression leaves of JSON at most: a fifth, often a tenth. */
  compressedPart: 0.2,
}

const meta: DetectorMeta = {
  id: 'large-payload',
  title: 'A large answer',
  why: 'It is made, sent and parsed as a whole; meanwhile the event loop does little else.',
  threshold: `${settings.bytes / 1e3} kB of JSON on the wire: 400 ms for a phone at 10 Mbit/s.`,
  about: 'code',
}

export const largePayload: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: unpredicted(
    'How much of it callers need is not seen; what they wait for on the way is not in the request’s own time.',
  ),
  inShort: ({ request }) => `an answer of ${bytes(sizeOf(request))}`,
}

/**
 * Finds large JSON answers. Where a list without a limit, a large result or columns that nobody needs make
 * them so, that is the cause; and where compression alone would make them small, that is.
 */
function detect(trace: Trace): readonly Occurrence[] {
  return answered(trace).flatMap(request => {
    if (request.attributes['hotpath.answer.type'] !== 'json') return []
    const part =
      request.attributes['hotpath.answer.compressed'] === 'no' ? settings.compressedPart : 1
    if (sizeOf(request) * part < settings.bytes || isCaused(trace, request)) return []
    return [ofAnswer(meta.id, trace, request, restNs(request))]
  })
}

/** Whether a statement of the request fetches what makes its answer large. */
export function isCaused(trace: Trace, request: TraceSpan): boolean {
  return [unboundedList, largeResult, overSelect].some(detector =>
    detector.detect(trace).some(occurrence => occurrence.request === request),
  )
}

/** From the end of what the request last waited for: it makes its answer, and sends it. */
export function restNs(request: TraceSpan): number {
  const waited = request.children.filter(({ attributes }) => attributes['hotpath.blocked'] !== true)
  const lastNs = waited.reduce(
    (end, { offsetNs, durationNs }) => Math.max(end, offsetNs + durationNs),
    request.offsetNs,
  )
  return Math.max(0, request.offsetNs + request.durationNs - lastNs)
}

const sizeOf = (request: TraceSpan): number => figureOf(request, 'http.response.body.size') ?? 0

function describe({ occurrences, typical }: Told): Description {
  const size = bytes(median(occurrences.map(({ request }) => sizeOf(request))))
  return [
    `An answer of ${size}`,
    [
      `The answer has ${size} (median); from the last that it waits for until it is sent, the request takes ${duration(typical.takenNs / 1e6)}.`,
      partOfRequest(typical),
    ],
  ]
}

function fixes(): Fix[] {
  return [
    {
      kind: 'code',
      title: 'Send less of it at once',
      text: 'Give lists in pages, by a key and with a limit that the API sets; leave out what a list does not show, and let clients ask for it by itself. Who needs everything gets it as a stream, row by row.',
    },
  ]
}
