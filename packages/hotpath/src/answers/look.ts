import type { Template } from '../sql/template.js'
import type { Attributes } from '../trace/attributes.js'
import type { RouteStats } from '../trace/routes.js'
import { withinAllowance } from './allowance.js'
import { type Answer, askedField, jsonOf, sentField, sizeOf, typeOf } from './answer.js'
import { judgeRows, type KeptRows } from './columns.js'
import { askedFields, fieldsOf } from './fields.js'
import { Repeats } from './repeats.js'

/** A request that was answered by the app, and what is known of it. */
export interface Answered {
  readonly stats: RouteStats
  readonly answer: Answer
  /** When the request began, on the clock's scale. */
  readonly beganMs: number
  /** Of the statements that it ran. */
  readonly templates: ReadonlySet<Template>
  /** Rows that were kept to be looked for in the answer. */
  readonly rows: KeptRows | undefined
  /** Its trace is kept: attributes are of use. */
  readonly kept: boolean
  /** The answer is to be compared with those before it. */
  readonly compared: boolean
}

const repeats = new WeakMap<RouteStats, Repeats>()

/** What is known of the repetitions of a route. */
export function repeatsOf(stats: RouteStats): Repeats {
  let known = repeats.get(stats)
  if (known === undefined) repeats.set(stats, (known = new Repeats()))
  return known
}

/** Fewer requests make no ratio. */
const FEWEST_ASKED = 10

/**
 * Looks into an answer that is out: what it weighs, whether it would have been compressed, what of the rows
 * reached it, whether it is the one that was given before. Attributes for its span, when that is kept.
 * Nothing of the answer or the request itself is in them but names of columns and counts.
 */
export function lookAt(answered: Answered): Attributes {
  const { stats, answer, templates, rows, kept, compared, beganMs } = answered
  const attributes: Attributes = kept ? weightOf(answer) : {}
  const read = withinAllowance(isOver => {
    if (compared) repeatsOf(stats).compare(answer, templates, beganMs)
    const wished = kept ? askedFields(answer.url) : undefined
    const json = kept || rows !== undefined ? jsonOf(answer) : undefined
    if (json === undefined || answer.statusCode !== 200) return {}
    const isRead = wished !== undefined || json.length <= MAX_UNASKED
    const fields = kept && isRead ? fieldAttributes(json, wished) : {}
    if (rows !== undefined) judgeRows(stats, rows, json, isOver)
    return fields
  })
  return kept ? { ...attributes, ...read, ...repeatAttributes(repeats.get(stats)) } : attributes
}

/** Where nobody names fields, those of larger answers are not counted: that takes 10 us a kilobyte. */
const MAX_UNASKED = 20_000

function weightOf(answer: Answer): Attributes {
  const attributes: Attributes = {}
  const bytes = sizeOf(answer)
  if (bytes !== undefined) attributes['http.response.body.size'] = bytes
  const type = typeOf(answer)
  if (type !== 'other') attributes['hotpath.answer.type'] = type
  const compressed = compressionOf(answer)
  if (compressed !== undefined) attributes['hotpath.answer.compressed'] = compressed
  return attributes
}

/** Who stands between says so, or speaks HTTP/1.0 as nginx does by default: it may compress itself. */
const BETWEEN = ['via', 'forwarded', 'x-forwarded-for', 'x-real-ip', 'cf-connecting-ip']

/** Whether a body that compression makes smaller was compressed; `no`: it was not, for a client that can. */
function compressionOf(answer: Answer): 'yes' | 'no' | 'unasked' | 'between' | undefined {
  const encoding = sentField(answer, 'content-encoding')
  if (encoding !== undefined && encoding !== 'identity') return 'yes'
  if (typeOf(answer) === 'other') return undefined
  if (/no-transform/.test(sentField(answer, 'cache-control') ?? '')) return undefined
  if (BETWEEN.some(name => askedField(answer, name) !== undefined)) return 'between'
  if (answer.version === '1.0') return 'between'
  const accepts = askedField(answer, 'accept-encoding') ?? ''
  return /\b(?:gzip|br|zstd|deflate)\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(accepts)
    ? 'no'
    : 'unasked'
}

function fieldAttributes(json: string, wished: ReadonlySet<string> | undefined): Attributes {
  const figures = fieldsOf(json, wished)
  if (figures === undefined) return {}
  const { sent, asked, unaskedBytes } = figures
  return {
    'hotpath.answer.fields': sent,
    ...(asked === undefined ? {} : { 'hotpath.fields.asked': asked }),
    ...(unaskedBytes === undefined ? {} : { 'hotpath.fields.unasked_bytes': unaskedBytes }),
  }
}

function repeatAttributes(figures: Repeats | undefined): Attributes {
  if (figures === undefined || figures.asked < FEWEST_ASKED) return {}
  return {
    'hotpath.repeats.asked': figures.asked,
    'hotpath.repeats.same': figures.same,
    'hotpath.repeats.changed': figures.changed,
    'hotpath.repeats.personal': figures.personal,
  }
}
