import type { Fix, Trace, TraceSpan } from '../model.js'
import { answered, figureOf, ofAnswer } from './answers.js'
import { isInMost } from './confirm.js'
import { bytes, duration } from './figures.js'
import { isCaused } from './large-payload.js'
import type { Description, Detector, DetectorMeta, Occurrence, Told } from './occurrence.js'
import { median } from './timing.js'
import { unpredicted } from './remedy.js'

const settings = {
  /** What fits into the ten packets that a new connection may send is there at once (RFC 6928). */
  bytes: 14_600,
  /** What compression saves of JSON at the least: it leaves a fifth, often a tenth. */
  saved: 0.8,
  /** 100 Mbit/s, a fair line. */
  byteNs: 80,
}

const meta: DetectorMeta = {
  id: 'uncompressed',
  title: 'Sent without compression',
  why: 'Text shrinks to a fifth or less; a client waits for each packet that need not be sent.',
  threshold: `${settings.bytes / 1e3} kB of text, to a client that takes it compressed: less fits into the first ten packets (RFC 6928).`,
  about: 'code',
  elsewhere: true,
  ofService: true,
}

export const uncompressed: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: unpredicted(
    'Its callers wait for the bytes on the way, which the request’s own time does not show: compression costs it some milliseconds.',
  ),
  inShort: ({ request }) => `${bytes(sizeOf(request))} sent without compression`,
}

/**
 * Finds text that goes out as it is to clients that would take it compressed. With a proxy between, which
 * may compress itself, the recorder says `between`. What should not be fetched is not compressed first.
 */
function detect(trace: Trace): readonly Occurrence[] {
  return answered(trace).flatMap(request => {
    const size = sizeOf(request)
    if (request.attributes['hotpath.answer.compressed'] !== 'no' || size < settings.bytes) return []
    if (isCaused(trace, request)) return []
    return [ofAnswer(meta.id, trace, request, size * settings.saved * settings.byteNs)]
  })
}

const sizeOf = (request: TraceSpan): number => figureOf(request, 'http.response.body.size') ?? 0

function describe({ occurrences, typical }: Told): Description {
  const size = median(occurrences.map(({ request }) => sizeOf(request)))
  return [
    `${bytes(size)} sent without compression`,
    [
      `The answer has ${bytes(size)} of text (median), its clients take it compressed, and nobody between says that it does so.`,
      `At 100 Mbit/s the ${bytes(size * settings.saved)} that compression saves at the least take ${duration(typical.takenNs / 1e6)}, which the client waits and the request's own time does not show.`,
    ],
  ]
}

function fixes(): Fix[] {
  return [
    {
      kind: 'code',
      title: 'Compress at the proxy, or in the app',
      note: 'A proxy in front (nginx: gzip on; gzip_types application/json) keeps the work out of this process. In the app gzip of level 4 takes about 1 ms for 100 kB, in another thread.',
      text: "import compression from 'compression'\napp.use(compression({ threshold: 1_400 }))   // Fastify has @fastify/compress",
      snippet: true,
    },
  ]
}
