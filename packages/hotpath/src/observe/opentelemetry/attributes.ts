import { templateOf } from '../../sql/template.js'
import type { Attributes, AttributeValue } from '../../trace/attributes.js'
import { pathTemplate } from '../../trace/path-template.js'

/** What a user's code puts on one span: the first 64 attributes, texts up to 1,000 characters. */
export const MAX_ATTRIBUTES = 64
export const MAX_TEXT = 1_000

/**
 * Attributes that OpenTelemetry's conventions fill with what never leaves: the text, made a
 * template; undefined: nothing of it.
 */
const TEMPLATES: Readonly<Record<string, (text: string) => string | undefined>> = {
  'db.query.text': sqlTemplate,
  'db.statement': sqlTemplate,
  'url.full': urlTemplate,
  'http.url': urlTemplate,
  'url.path': pathTemplate,
  'http.target': pathTemplate,
}
const templates = new Map(Object.entries(TEMPLATES))

/** Headers, bodies, parameters, queries, messages of errors, stack traces, documents with literals. */
const NEVER =
  /(?:\.header\.|\.metadata\.|\.body$|\.body\.(?:content|text)$|\.parameter\.|^exception\.(?:message|stacktrace)$|^error\.(?:message|stack)$|\.stacktrace$|^url\.(?:query|fragment|original)$|^db\.connection_string$|^graphql\.document$|user_agent(?:\.original)?$|^process\.command)/
const SQL =
  /^\s*(?:select|insert|update|delete|with|merge|create|alter|drop|truncate|begin|commit|rollback|set|copy|call|values|table)\b/i
const SQL_NAME =
  /^(?:select\b.*\bfrom|insert\s+into|update\b.*\bset|delete\s+from|with\b.*\bas)\b/is

/**
 * The attributes that may leave: of the kinds that OpenTelemetry has, short, and without what
 * the recorder never sends. Arrays are copied. Undefined when nothing is left.
 *
 * @param taken Attributes that the span has already.
 */
export function keepable(attributes: unknown, taken: number): Attributes | undefined {
  if (typeof attributes !== 'object' || attributes === null) return undefined
  const kept: Attributes = {}
  let room = MAX_ATTRIBUTES - taken
  for (const [key, value] of Object.entries(attributes)) {
    const short = shortened(key, value)
    if (short === undefined || room-- <= 0) continue
    kept[key.slice(0, MAX_TEXT)] = short
  }
  return Object.keys(kept).length === 0 ? undefined : kept
}

/** A span's name without paths' ids, queries and literals of statements. */
export function keepableName(name: string): string {
  const short = name.slice(0, MAX_TEXT)
  if (SQL_NAME.test(short)) return templateOf(short).text
  if (!short.includes('/')) return short
  return short.replace(/\S*\/\S*/g, word => {
    if (word.includes('://')) return urlTemplate(word) ?? '?'
    const template = pathTemplate(word)
    return word.startsWith('/') ? template : template.slice(1)
  })
}

function shortened(key: string, value: unknown): AttributeValue | undefined {
  if (NEVER.test(key)) return undefined
  const template = templates.get(key)
  if (template !== undefined) {
    return typeof value === 'string' ? template(value)?.slice(0, MAX_TEXT) : undefined
  }
  if (typeof value === 'string') return value.slice(0, MAX_TEXT)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (!Array.isArray(value) || value.length > MAX_ATTRIBUTES) return undefined
  if (value.every(each => typeof each === 'string')) {
    return value.map(each => (each as string).slice(0, MAX_TEXT))
  }
  return value.every(each => typeof each === 'number') ? [...(value as number[])] : undefined
}

/** Of another language than SQL we cannot tell what is data. */
function sqlTemplate(text: string): string | undefined {
  return SQL.test(text) ? templateOf(text).text : undefined
}

/** Scheme, host and the path with its ids replaced; no credentials, no query. */
function urlTemplate(text: string): string | undefined {
  try {
    const { protocol, host, pathname } = new URL(text)
    return `${protocol}//${host}${pathTemplate(pathname)}`
  } catch {
    return undefined
  }
}
