import { Budget, limits, Malformed } from './malformed.js'
import type { Field, FieldType, Message } from './messages.js'

type Value = string | number | bigint | boolean | object

/**
 * Reads an OTLP/JSON message by the table (opentelemetry-proto, docs/specification.md, JSON encoding):
 * ids are hexadecimal, 64-bit integers strings or numbers, enums numbers, unknown names are ignored.
 * The names of the .proto (`trace_id`) are not valid there; they are refused rather than lost.
 */
export function readJson(bytes: Uint8Array, message: Message): object {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new Malformed(`The JSON cannot be read: ${(error as Error).message}.`)
  }
  return readMessage(parsed, message, message.name, new Budget(), 0)
}

function readMessage(
  value: unknown,
  message: Message,
  path: string,
  budget: Budget,
  depth: number,
): object {
  budget.take()
  if (depth > 8 + 2 * limits.depth)
    throw new Malformed(`${message.name} is nested deeper than ${limits.depth} levels.`)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(path, 'an object', value)
  const result: Record<string, Value> = {}
  for (const [name, content] of Object.entries(value)) {
    const field = message.fields.get(name)
    const right = message.protoNames.get(name)
    if (right !== undefined) throw new Malformed(`${path}.${name}: in JSON this name is ${right}.`)
    // Null is protobuf's spelling of "not set".
    if (field === undefined || content === null) continue
    const place = `${path}.${name}`
    if (!field.repeated) result[name] = readOne(content, field, place, budget, depth)
    else if (Array.isArray(content))
      result[name] = content.map((item, i) => readOne(item, field, `${place}[${i}]`, budget, depth))
    else throw wrong(place, 'a list', content)
  }
  return result
}

function readOne(value: unknown, field: Field, path: string, budget: Budget, depth: number): Value {
  if ('of' in field) return readMessage(value, field.of(), path, budget, depth + 1)
  if (field.repeated) budget.take()
  return readScalar(value, field.type, path)
}

function readScalar(value: unknown, type: FieldType, path: string): Value {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value
      throw wrong(path, 'a string', value)
    case 'bool':
      if (typeof value === 'boolean') return value
      throw wrong(path, 'true or false', value)
    case 'id':
      if (typeof value === 'string' && /^(?:[0-9a-f]{2})*$/i.test(value)) return value.toLowerCase()
      throw wrong(path, 'hexadecimal digits', value)
    case 'bytes':
      if (typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return value
      throw wrong(path, 'base64', value)
    case 'double':
      return readDouble(value, path)
    case 'int32':
    case 'sint32':
    case 'uint32':
    case 'enum':
      return Number(readInteger(value, path, ranges[type]))
    default:
      return readInteger(value, path, ranges[type])
  }
}

const ranges = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  enum: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
} as const satisfies Partial<Record<FieldType, readonly [bigint, bigint]>>

function readInteger(
  value: unknown,
  path: string,
  [least, most]: readonly [bigint, bigint],
): bigint {
  const whole =
    (typeof value === 'number' && Number.isInteger(value)) ||
    (typeof value === 'string' && /^-?\d{1,20}$/.test(value))
  if (!whole) throw wrong(path, 'an integer, or one in a string', value)
  const integer = BigInt(value as number | string)
  if (integer < least || integer > most)
    throw wrong(path, `an integer from ${least} to ${most}`, value)
  return integer
}

function readDouble(value: unknown, path: string): number {
  if (typeof value === 'number') return value
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity') return Number.POSITIVE_INFINITY
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY
  if (typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value))
    return Number(value)
  throw wrong(path, 'a number', value)
}

/** What came is named by its kind only: its content may be long or private. */
function wrong(path: string, expected: string, value: unknown): Malformed {
  const got = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
  return new Malformed(`${path} must be ${expected}, but is ${got}.`)
}
