import type { Fix, Trace, TraceSpan } from '../model.js'
import { answered, figureOf, ofAnswer, transfer } from './answers.js'
import { isInMost } from './confirm.js'
import { bytes, count, counted, percent } from './figures.js'
import type { Description, Detector, DetectorMeta, Occurrence, Told } from './occurrence.js'
import { median } from './timing.js'
import { unpredicted } from './remedy.js'

const settings = {
  /** An id, a type and a link or two are sent whatever a client asks for. */
  fields: 5,
  /** And they are most of the answer ... */
  part: 0.5,
  /** ... in bytes that are worth a line of code. */
  bytes: 500,
}

const meta: DetectorMeta = {
  id: 'over-fetch',
  title: 'Fields that nobody asked for',
  why: 'Callers say which fields they want, and are sent all: they are made, sent and parsed for nothing.',
  threshold: `${settings.fields} fields, ${settings.bytes} bytes and half of the answer beside what ?fields= names: an id, a type and links are sent always.`,
  about: 'code',
  elsewhere: true,
}

export const overFetch: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: unpredicted(
    'What is left out saves its callers time on the way, which the request’s own time does not show.',
  ),
  inShort: ({ request }) => `${counted(unasked(request), 'field')} that were not asked for`,
}

/** Finds answers with far more in them than the client named. Who names nothing wants what there is. */
function detect(trace: Trace): readonly Occurrence[] {
  return answered(trace).flatMap(request => {
    const [sent, more] = [sizeOf(request), unaskedBytes(request)]
    if (unasked(request) < settings.fields || more < settings.bytes) return []
    if (sent > 0 && more < settings.part * sent) return []
    return [ofAnswer(meta.id, trace, request, more * transfer.byteNs)]
  })
}

const sizeOf = (request: TraceSpan): number => figureOf(request, 'http.response.body.size') ?? 0
const asked = (request: TraceSpan): number => figureOf(request, 'hotpath.fields.asked') ?? 0
const sentFields = (request: TraceSpan): number => figureOf(request, 'hotpath.answer.fields') ?? 0
const unaskedBytes = (request: TraceSpan): number =>
  figureOf(request, 'hotpath.fields.unasked_bytes') ?? 0
const unasked = (request: TraceSpan): number =>
  asked(request) === 0 ? 0 : sentFields(request) - asked(request)

function describe({ occurrences, typical: { request } }: Told): Description {
  const requests = occurrences.map(one => one.request)
  const more = median(requests.map(unaskedBytes))
  const size = median(requests.map(sizeOf))
  const part = size === 0 ? '' : `, ${percent(Math.min(1, more / size))} of the answer`
  return [
    `${count(sentFields(request))} fields for ${count(asked(request))} that were asked for`,
    [
      `Clients name ${counted(asked(request), 'field')} in the address, and the answer has ${count(sentFields(request))}: ${bytes(more)}${part} that nobody wants.`,
      'Its cost is counted for making and sending them within one network; a phone waits longer, and parses them besides.',
    ],
  ]
}

function fixes(): Fix[] {
  return [
    {
      kind: 'code',
      title: 'Select what the client names, in the statement',
      note: 'Only names from a list of yours may get into a statement. A column that is not read is not sent, parsed and written either.',
      text: [
        "const known = new Set(['id', 'full_name', 'email'])   // what may be asked for",
        "const wanted = String(req.query.fields ?? '').split(',').filter(name => known.has(name))",
        'const columns = wanted.length > 0 ? wanted : [...known]',
        'const { rows } = await pool.query(`select ${columns.map(name => `"${name}"`).join(\', \')} from profiles where user_id = $1`, [id])',
      ].join('\n'),
      snippet: true,
    },
  ]
}
