import type { Fix, Trace, TraceSpan } from '../model.js'
import { answered, figureOf, ofAnswer } from './answers.js'
import { isInMost } from './confirm.js'
import { bytes, duration } from './figures.js'
import { isCaused, largePayload } from './large-payload.js'
import type {
  Description,
  Detector,
  DetectorMeta,
  Occurrence,
  Told,
  Weighed,
} from './occurrence.js'
import { partOfRequest } from './sentences.js'
import { median } from './timing.js'

const settings = {
  /** JSON.stringify writes 1.8 MB in it: a smaller answer that takes as long has slow parts. */
  ms: 5,
  /** Ten times what JSON.stringify and an ETag take for a byte: 5 ns. */
  byteNs: 50,
  plainByteNs: 5,
  /** The quickest of the route takes this: a busy machine stretches all others. */
  quickMs: 3,
  /** And it is a good part of the request. */
  share: 0.1,
  /** The first requests of a route (the recorder keeps five as `new`) compile what writes the answer. */
  requests: 2,
}

const meta: DetectorMeta = {
  id: 'slow-serialisation',
  title: 'Slow to put into JSON',
  why: 'The event loop does nothing else meanwhile: objects of an ORM, getters and toJSON run for each row.',
  threshold: `${settings.ms} ms and ${settings.share * 100} % of the request for an answer that is not large: JSON.stringify writes 1.8 MB in it.`,
  about: 'code',
}

export const slowSerialisation: Detector = {
  meta,
  detect,
  isConfirmed,
  describe,
  fixes,
  remedy: {
    changes: occurrence => {
      const { request, takenNs } = occurrence
      // It is the last thing that a request does: what it takes less, the request does.
      const savedNs = Math.max(0, takenNs - plainNs(occurrence))
      return { lasting: new Map([[request, request.durationNs - savedNs]]) }
    },
    how: ({ occurrences }) =>
      `Putting the answer into bytes takes ${duration(median(occurrences.map(plainNs)) / 1e6)} (median) instead: ${settings.plainByteNs} ns a byte, as JSON.stringify and an ETag take for plain objects. To make plain objects in the first place is not counted.`,
  },
  inShort: ({ takenNs }) => `putting the answer into JSON: ${duration(takenNs / 1e6)}`,
}

/** Finds answers that take long to be put into JSON though they are not large: where they are, that is the cause. */
function detect(trace: Trace): readonly Occurrence[] {
  return answered(trace).flatMap(request => {
    const ms = serialisedMs(request)
    const size = figureOf(request, 'http.response.body.size') ?? 0
    if (ms < settings.ms || ms * 1e6 < settings.byteNs * size) return []
    if (ms * 1e6 < settings.share * request.durationNs) return []
    const isLarge = largePayload.detect(trace).some(one => one.request === request)
    if (isLarge || isCaused(trace, request)) return []
    return [ofAnswer(meta.id, trace, request, Math.min(ms * 1e6, request.durationNs))]
  })
}

/** What an answer of that size takes that is made of plain objects. */
const plainNs = ({ request }: Occurrence): number =>
  settings.plainByteNs * (figureOf(request, 'http.response.body.size') ?? 0)

function isConfirmed(weighed: Weighed): boolean {
  const known = weighed.sampled.map(serialisedMs).filter(ms => ms > 0)
  const settled = weighed.occurrences.filter(
    ({ request }) => request.attributes['hotpath.sampled.reason'] !== 'new',
  )
  return (
    settled.length >= settings.requests &&
    isInMost(weighed) &&
    Math.min(...known) >= settings.quickMs
  )
}

/** Milliseconds that the answer took to be put into bytes; 0 where it was not seen. */
export function serialisedMs(request: TraceSpan): number {
  return figureOf(request, 'hotpath.answer.serialised_ms') ?? 0
}

function describe({ occurrences, typical }: Told): Description {
  const ms = duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))
  const sizes = occurrences.flatMap(
    ({ request }) => figureOf(request, 'http.response.body.size') ?? [],
  )
  const size = sizes.length === 0 ? 'its answer' : `an answer of ${bytes(median(sizes))}`
  return [
    `${ms} to put the answer into JSON`,
    [
      `The framework takes ${ms} (median) to put ${size} into bytes; plain objects of that size take far less.`,
      partOfRequest(typical),
    ],
  ]
}

function fixes(): Fix[] {
  return [
    {
      kind: 'code',
      title: 'Give it plain objects',
      note: 'Fastify with a response schema writes them without looking at each value.',
      text: 'Ask the ORM for plain rows (lean in Mongoose, raw: true in Sequelize, getRawMany in TypeORM), and pick the fields that are sent: then no toJSON and no getter runs for each row.',
    },
  ]
}
