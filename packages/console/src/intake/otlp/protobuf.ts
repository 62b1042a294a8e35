import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { Budget, limits, Malformed } from './malformed.js'
import type { FieldType, Message } from './messages.js'

type Value = string | number | bigint | boolean | object

/** Messages inside each other: a request nests 6, and each level of an attribute's value takes 2. */
const nesting = 8 + 2 * limits.depth

/**
 * Reads a protobuf message by the table. Throws `Malformed` with the place and the reason.
 * A field with another wire type than the table's is refused: protobuf would skip it silently.
 */
export function readProtobuf(bytes: Uint8Array, message: Message): object {
  return readPart(bytes, message, new Budget(), 0)
}

/** The same for a message inside of another, `depth` levels deep. */
export function readPart(
  bytes: Uint8Array,
  message: Message,
  budget: Budget,
  depth: number,
): object {
  try {
    return readMessage(new BinaryReader(bytes), bytes.length, message, budget, depth)
  } catch (error) {
    if (error instanceof Malformed) throw error
    throw new Malformed(`The protobuf cannot be read: ${(error as Error).message}.`)
  }
}

function readMessage(
  reader: BinaryReader,
  end: number,
  message: Message,
  budget: Budget,
  depth: number,
): object {
  budget.take()
  if (depth > nesting)
    throw new Malformed(`${message.name} is nested deeper than ${limits.depth} levels.`)
  const result: Record<string, Value> = {}
  while (reader.pos < end) {
    const [number, wireType] = reader.tag()
    const known = message.byNumber.get(number)
    if (known === undefined) {
      reader.skip(wireType, number)
      continue
    }
    const [name, field] = known
    if ('of' in field) {
      expect(wireType === WireType.LengthDelimited, message, name)
      const to = boundary(reader, end)
      const value = readMessage(reader, to, field.of(), budget, depth + 1)
      if (field.repeated) push(result, name, value)
      else result[name] = value
    } else if (field.repeated && wireType === WireType.LengthDelimited) {
      const to = boundary(reader, end)
      while (reader.pos < to) {
        budget.take()
        push(result, name, readScalar(reader, field.type))
      }
      expect(reader.pos === to, message, name)
    } else {
      expect(wireType === wireTypes[field.type], message, name)
      if (field.repeated) budget.take()
      const value = readScalar(reader, field.type)
      if (field.repeated) push(result, name, value)
      else result[name] = value
    }
  }
  if (reader.pos !== end) throw new Malformed(`${message.name} ends in the middle of a field.`)
  return result
}

/** Where a length-delimited field ends: inside of what holds it. */
function boundary(reader: BinaryReader, end: number): number {
  const to = reader.uint32() + reader.pos
  if (to > end)
    throw new Malformed('The protobuf ends too early: a field is longer than what is left.')
  return to
}

function expect(right: boolean, message: Message, name: string): void {
  if (!right) throw new Malformed(`${message.name}.${name} has the wrong type.`)
}

function push(result: Record<string, Value>, name: string, value: Value): void {
  const list = result[name]
  if (Array.isArray(list)) list.push(value)
  else result[name] = [value]
}

const wireTypes: Readonly<Record<FieldType, WireType>> = {
  string: WireType.LengthDelimited,
  id: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  bool: WireType.Varint,
  int32: WireType.Varint,
  sint32: WireType.Varint,
  uint32: WireType.Varint,
  int64: WireType.Varint,
  uint64: WireType.Varint,
  enum: WireType.Varint,
  double: WireType.Bit64,
  fixed64: WireType.Bit64,
  sfixed64: WireType.Bit64,
}

function readScalar(reader: BinaryReader, type: FieldType): Value {
  switch (type) {
    case 'string':
      return reader.string(true)
    case 'id':
      return Buffer.from(reader.bytes()).toString('hex')
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64')
    case 'int64':
    case 'uint64':
    case 'fixed64':
    case 'sfixed64':
      return BigInt(reader[type]())
    case 'enum':
      return reader.int32()
    default:
      return reader[type]()
  }
}
