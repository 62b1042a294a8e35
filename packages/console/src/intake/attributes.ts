import type { AttributeValue } from '../model.js'
import { limits, Malformed } from './otlp/malformed.js'
import type { AnyValue, KeyValue } from './otlp/messages.js'

/** Cuts and drops of one request, to be counted and shown. */
export interface Losses {
  cutTexts: number
  droppedAttributes: number
}

/** The attributes of one thing as a plain object. Of a name that comes twice the last one counts. */
export function readAttributes(
  list: readonly KeyValue[] | undefined,
  losses: Losses,
  textChars = limits.textChars,
): Record<string, AttributeValue> {
  const result: Record<string, AttributeValue> = {}
  let count = 0
  for (const { key = '', value } of list ?? []) {
    const read = value === undefined ? undefined : readValue(value, losses, textChars, 0)
    // An attribute without a name or a value says nothing.
    if (key === '' || read === undefined) continue
    if (++count > limits.attributes) losses.droppedAttributes++
    else set(result, cut(key, losses, 256), read)
  }
  return result
}

/** `__proto__` as a name is a name. To define is slow, so all others are assigned. */
export function set(
  target: Record<string, AttributeValue>,
  key: string,
  value: AttributeValue,
): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  else target[key] = value
}

function readValue(
  value: AnyValue,
  losses: Losses,
  textChars: number,
  depth: number,
): AttributeValue | undefined {
  if (depth > limits.depth)
    throw new Malformed(`An attribute's value is nested deeper than ${limits.depth} levels.`)
  if (value.stringValue !== undefined) return cut(value.stringValue, losses, textChars)
  if (value.boolValue !== undefined) return value.boolValue
  if (value.intValue !== undefined) return integer(value.intValue)
  if (value.doubleValue !== undefined)
    // JSON, which the store keeps, has no NaN.
    return Number.isFinite(value.doubleValue) ? value.doubleValue : String(value.doubleValue)
  if (value.bytesValue !== undefined) return cut(value.bytesValue, losses, textChars)
  if (value.arrayValue !== undefined)
    return (value.arrayValue.values ?? [])
      .map(item => readValue(item, losses, textChars, depth + 1))
      .filter(item => item !== undefined)
  if (value.kvlistValue === undefined) return undefined
  const pairs = (value.kvlistValue.values ?? []).flatMap(({ key = '', value: item }) => {
    const read = item === undefined ? undefined : readValue(item, losses, textChars, depth + 1)
    return read === undefined ? [] : [[key, read] as const]
  })
  return cut(JSON.stringify(Object.fromEntries(pairs)), losses, textChars)
}

const integer = (value: bigint): AttributeValue =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : String(value)

/** Cuts a text that is too long, and replaces NUL, at which a terminal or a database may end a text. */
export function cut(given: string, losses: Losses, chars = limits.textChars): string {
  const text = given.includes('\0') ? given.replaceAll('\0', '\ufffd') : given
  if (text.length <= chars) return text
  losses.cutTexts++
  return `${text.slice(0, chars - 1)}…`
}
