/**
 * The same text for equal values, hashed, so that no password lies in one more place; undefined
 * when something in them cannot be compared.
 */
export function digestOf(values: readonly unknown[]): string | undefined {
  const text = textOf(values)
  if (text === undefined) return undefined
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(text).digest('base64')
}

/** All of an object's own properties: passwords and keys are often not enumerable. */
export function propertiesOf(object: object): [name: string, value: unknown][] {
  return Reflect.ownKeys(object).map(name => [String(name), Reflect.get(object, name) as unknown])
}

function textOf(value: unknown, depth = 0): string | undefined {
  if (depth > 6) return undefined
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return `${typeof value} ${value}`
    case 'object':
      return value === null ? 'null' : textOfObject(value, depth + 1)
    default:
      return undefined
  }
}

function textOfObject(value: object, depth: number): string | undefined {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('base64')}`
  if (Array.isArray(value)) return joined(value.map(one => textOf(one, depth)))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const names = Reflect.ownKeys(value).sort((a, b) => (String(a) < String(b) ? -1 : 1))
  return joined(
    names.flatMap(name => [textOf(String(name), depth), textOf(Reflect.get(value, name), depth)]),
  )
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  return parts.includes(undefined) ? undefined : `[${parts.join()}]`
}
