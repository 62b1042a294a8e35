/** The text or bytes in which a parameter goes to the database; null is NULL. */
export type Wire = string | Buffer | null

/** pg's own `prepareValue`, of the copy that the app uses. */
export type Prepare = (value: unknown) => unknown

/** A parameter longer than this is no key. */
const MAX_TEXT = 4_096

/**
 * The parameters as pg would send them; undefined when that cannot be told without running the app's
 * code (`toPostgres`), or when one is too long to be a key.
 */
export function wireOf(values: readonly unknown[], prepare: Prepare): Wire[] | undefined {
  const wires: Wire[] = []
  for (const value of values) {
    const wire = wireOfOne(value, prepare)
    if (wire === undefined || (wire !== null && wire.length > MAX_TEXT)) return undefined
    wires.push(wire)
  }
  return wires
}

export function wireOfOne(value: unknown, prepare: Prepare): Wire | undefined {
  switch (typeof value) {
    case 'undefined':
      return null
    case 'string':
      return value
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      return value === null ? null : isPlain(value, 0) ? prepared(value, prepare) : undefined
    default:
      return undefined
  }
}

function prepared(value: object, prepare: Prepare): Wire | undefined {
  const wire = prepare(value)
  return typeof wire === 'string' || Buffer.isBuffer(wire) ? wire : undefined
}

/** Nothing in it runs the app's code when it is made into text. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function'
  if (depth > 3) return false
  if (ArrayBuffer.isView(value)) return true
  if (value instanceof Date) return !Number.isNaN(value.getTime())
  if (Array.isArray(value)) return value.every(item => isPlain(item, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  if ('toPostgres' in value || 'toJSON' in value) return false
  return Object.values(value).every(item => isPlain(item, depth + 1))
}

/** Equal for equal parameters, different for different ones. */
export function keyOf(wires: readonly Wire[]): string {
  const [only] = wires
  // Most keys are one text: it needs no length, as nothing comes behind it.
  if (wires.length === 1 && typeof only === 'string') return `o${only}`
  let key = ''
  for (const wire of wires) {
    if (wire === null) key += 'n'
    else if (typeof wire === 'string') key += `s${wire.length}:${wire}`
    else key += `b${wire.length}:${wire.toString('latin1')}`
  }
  return key
}

export function bytesOf(wires: readonly Wire[]): number {
  return wires.reduce((sum, wire) => sum + 16 + (wire === null ? 0 : wire.length), 0)
}
