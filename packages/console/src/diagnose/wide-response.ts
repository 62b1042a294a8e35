import type { Trace, TraceSpan } from '../model.js'
import { answered, figureOf, ofAnswer } from './answers.js'
import { isInMost } from './confirm.js'
import { bytes, count, counted } from './figures.js'
import type {
  Description,
  Detector,
  DetectorMeta,
  Occurrence,
  Told,
  Weighed,
} from './occurrence.js'
import { median } from './timing.js'
import { unpredicted } from './remedy.js'

const settings = {
  /** A page shows a dozen of a thing's fields, a form thirty. */
  fields: 40,
}

const meta: DetectorMeta = {
  id: 'wide-response',
  title: 'A wide answer',
  why: 'Hardly any client uses all of it. Which fields they use cannot be seen: it is to be asked.',
  threshold: `${settings.fields} fields in one object: a page shows a dozen, a form thirty.`,
  about: 'code',
  elsewhere: true,
}

export const wideResponse: Detector = {
  meta,
  detect,
  isConfirmed,
  describe,
  fixes: () => [
    {
      kind: 'code',
      title: 'Let clients say what they want',
      text: 'Ask those who call it which fields they use. Where that is a part, offer ?fields=id,name (JSON:API writes fields[TYPE]=), and select those columns alone.',
    },
  ],
  remedy: unpredicted('Which of the fields callers need is not seen: this is an observation.'),
  inShort: ({ request }) => `an answer of ${counted(fieldsOf(request), 'field')}`,
}

/** Sees answers with very many fields, where no client names those that it wants. An observation, of no cost. */
function detect(trace: Trace): readonly Occurrence[] {
  return answered(trace)
    .filter(request => fieldsOf(request) >= settings.fields)
    .filter(request => figureOf(request, 'hotpath.fields.asked') === undefined)
    .map(request => ofAnswer(meta.id, trace, request, 0))
}

/** Of those whose fields were counted: on a busy machine most answers are not looked into. */
function isConfirmed(weighed: Weighed): boolean {
  return isInMost({ ...weighed, sampled: weighed.sampled.filter(request => fieldsOf(request) > 0) })
}

const fieldsOf = (request: TraceSpan): number => figureOf(request, 'hotpath.answer.fields') ?? 0

function describe({ occurrences, typical: { request } }: Told): Description {
  const sizes = occurrences.flatMap(
    ({ request: one }) => figureOf(one, 'http.response.body.size') ?? [],
  )
  const size = sizes.length === 0 ? '' : `, ${bytes(median(sizes))} (median)`
  return [
    `An answer of ${counted(fieldsOf(request), 'field')}`,
    [
      `One object of the answer has ${count(fieldsOf(request))} fields${size}. No client says which of them it needs, so nothing is said of a gain.`,
    ],
  ]
}
