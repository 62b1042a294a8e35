/** Parameters of a query in which clients name the fields that they want; JSON:API writes `fields[users]`. */
const NAMES = /^(?:fields|select|\$select|fields\[[^\]]*\])$/
const MAX_FIELDS = 200
/** Objects on the way to the one that is asked about: `{ data: { items: [ ... ] } }`. */
const MAX_DEPTH = 4

/** What an answer holds beside what was asked for. */
export interface FieldFigures {
  /** Fields of the objects that the answer is about. */
  readonly sent: number
  /** Of those, how many the client named; undefined: it named none. */
  readonly asked?: number
  /** Bytes of the answer in fields that it did not name. */
  readonly unaskedBytes?: number
}

/** The fields that the address names: `/users/7?fields=id,name`. Plain names only, in lower case. */
export function askedFields(url: string): ReadonlySet<string> | undefined {
  const query = url.indexOf('?')
  if (query < 0) return undefined
  const names = new Set<string>()
  for (const [name, value] of new URLSearchParams(url.slice(query + 1)))
    if (NAMES.test(name))
      for (const one of value.split(',').slice(0, MAX_FIELDS)) names.add(one.trim().toLowerCase())
  const plain = [...names].every(name => /^[\w-]+$/.test(name))
  return names.size > 0 && plain ? names : undefined
}

/**
 * Counts the fields of the objects that an answer is about: of the first object, from the outside, that has
 * all fields that were asked for; without such a wish, of the first one in a list, or the only one, also
 * within `{ data: [ ... ], total: 7 }`.
 */
export function fieldsOf(
  json: string,
  asked: ReadonlySet<string> | undefined,
): FieldFigures | undefined {
  const body = parsed(json)
  if (asked === undefined) {
    const sent = fieldsWithin(body, 0)
    return sent === undefined ? undefined : { sent }
  }
  const object = find(body, asked, 0)
  if (object === undefined) return undefined
  const fields = Object.entries(object)
  const others = fields.filter(([name]) => !asked.has(name.toLowerCase()))
  const part = lengthOf(others) / Math.max(1, lengthOf(fields))
  return {
    sent: fields.length,
    asked: fields.length - others.length,
    unaskedBytes: Math.round(part * json.length),
  }
}

/** Undefined for what only says that it is JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** What has more fields is no envelope around something else. */
const MAX_ENVELOPE = 5

function fieldsWithin(value: unknown, depth: number): number | undefined {
  const one = Array.isArray(value) ? (value as unknown[])[0] : value
  if (!isObject(one)) return undefined
  const sent = Object.keys(one).length
  if (sent > MAX_ENVELOPE || depth >= MAX_DEPTH) return sent
  const inner = Object.values(one).map(field => fieldsWithin(field, depth + 1) ?? 0)
  return Math.max(sent, ...inner)
}

function find(value: unknown, asked: ReadonlySet<string>, depth: number): object | undefined {
  const one = Array.isArray(value) ? (value as unknown[])[0] : value
  if (!isObject(one) || depth > MAX_DEPTH) return undefined
  const names = new Set(Object.keys(one).map(name => name.toLowerCase()))
  if ([...asked].every(name => names.has(name))) return one
  for (const inner of Object.values(one)) {
    const found = find(inner, asked, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const lengthOf = (fields: readonly (readonly [string, unknown])[]): number =>
  fields.reduce((sum, [name, value]) => sum + name.length + JSON.stringify(value).length + 4, 0)
