import { types } from 'node:util'
import { Digest } from '../sql/digest.js'

/** Of each value at most this much is read: a document of megabytes is told apart by its start and length. */
const PREFIX = 256
const MAX_VALUES = 100
const MAX_DEPTH = 3

/** Digests of which nothing can be said: the values can only be compared by running the app's code. */
export const UNKNOWN = -1
/** What leaves for them. */
const UNKNOWN_HASH = 'unknown'
/** Digest of a statement without parameters. */
export const NONE = 0

let key: string | undefined

/**
 * A number for these values, equal for equal ones, so that the values themselves need not be kept
 * until the trace is. Of plain objects the own properties count, as pg sends them as JSON; `UNKNOWN` for
 * all others (of a class, with getters, `toJSON` or `toPostgres`, proxies, deep ones). About 0.2 us.
 */
export function digestOf(values: readonly unknown[]): number {
  const digest = new Digest()
  return addList(digest, values, 0, false) ? digest.value : UNKNOWN
}

/**
 * 16 hexadecimal digits, equal for equal digests within this process. The key is random and never
 * leaves, so that nobody can try values against the hash. `unknown` for values that cannot be compared;
 * undefined when there are none.
 *
 * @param data Digest of the literals in the statement's text; 0: there are none.
 */
export function paramsHash(values: number, data = NONE): string | undefined {
  if (values === UNKNOWN) return UNKNOWN_HASH
  if (values === NONE && data === NONE) return undefined
  const crypto = process.getBuiltinModule('node:crypto')
  key ??= crypto.randomBytes(32).toString('hex')
  return crypto.createHash('sha256').update(`${key} ${values} ${data}`).digest('hex').slice(0, 16)
}

/** @param json Inside of an object, which pg sends as JSON: there 1 and '1' differ. */
function addList(
  digest: Digest,
  values: readonly unknown[],
  depth: number,
  json: boolean,
): boolean {
  if (depth > MAX_DEPTH || types.isProxy(values)) return false
  digest.number(91)
  digest.number(values.length)
  const end = Math.min(values.length, MAX_VALUES)
  for (let at = 0; at < end; at++) {
    if (!add(digest, values[at], depth, json)) return false
  }
  return true
}

/** A letter for the type, the length, the value: no two lists of values give the same numbers. */
function add(digest: Digest, value: unknown, depth: number, json: boolean): boolean {
  // undefined is sent as NULL by pg.
  if (value === null || value === undefined) {
    digest.number(110)
    return true
  }
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean': {
      // pg sends the text: 1 and '1' are the same parameter.
      const text = String(value)
      digest.number(json && typeof value !== 'string' ? 116 : 115)
      digest.text(text, 0, text.length, PREFIX)
      return true
    }
    case 'object':
      return addObject(digest, value, depth, json)
    default:
      return false
  }
}

function addObject(digest: Digest, value: object, depth: number, json: boolean): boolean {
  if (types.isProxy(value)) return false
  if (Array.isArray(value)) return addList(digest, value, depth + 1, json)
  if (types.isDate(value)) {
    const text = String(Date.prototype.getTime.call(value))
    digest.number(100)
    digest.text(text, 0, text.length, PREFIX)
    return true
  }
  if (!types.isUint8Array(value)) return addPlain(digest, value, depth + 1)
  digest.number(98)
  digest.number(value.length)
  for (let at = 0; at < Math.min(value.length, PREFIX); at++) digest.number(value[at] as number)
  return true
}

/** Own properties in their order, read from their descriptors: no getter runs. */
function addPlain(digest: Digest, value: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (depth > MAX_DEPTH || (prototype !== Object.prototype && prototype !== null)) return false
  if ('toJSON' in value || 'toPostgres' in value) return false
  const names = Object.keys(value)
  digest.number(123)
  digest.number(names.length)
  for (const name of names.slice(0, MAX_VALUES)) {
    const property = Object.getOwnPropertyDescriptor(value, name)
    if (property === undefined || !('value' in property)) return false
    digest.text(name, 0, name.length, PREFIX)
    if (!add(digest, property.value, depth, true)) return false
  }
  return true
}
