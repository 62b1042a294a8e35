import type { Random } from './random.js'

/** Numbers at which lengths, counts and types turn over. */
const edges = [0, 1, 2, 7, 8, 9, 10, 127, 128, 255]
const hostile = [
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  'NaN',
  '-0',
  '1e400',
  '18446744073709551616',
  '-1',
  "'",
  '"',
  '$$',
  '/*',
  '%',
  '\u202e',
]

/** Bytes that are one to four steps away from `bytes`; `other` is another valid payload. */
export function mutateBytes(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let changed = Buffer.from(bytes)
  for (let steps = stepsOf(random); steps > 0; steps--)
    changed = Buffer.from(step(changed, other, random))
  return changed
}

/** Mostly one: what is wrong in three places is refused for the first of them. */
const stepsOf = (random: Random): number => (random.chance(3) ? 2 + random.below(3) : 1)

function step(bytes: Buffer, other: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return other
  const at = random.below(bytes.length)
  const length = random.below(Math.min(32, bytes.length - at) + 1)
  switch (random.below(9)) {
    case 0: // A bit.
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
      return bytes
    case 1: // A byte: often a tag, a length, or the lead of a letter.
      bytes[at] = random.chance(2) ? random.one(edges) : random.below(256)
      return bytes
    case 2: // Cut off.
      return bytes.subarray(0, at)
    case 3: // Something left out.
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 4: // Something again, and again.
      return Buffer.concat([
        bytes.subarray(0, at),
        ...Array.from({ length: 1 + random.below(20) }, () => bytes.subarray(at, at + length)),
        bytes.subarray(at),
      ])
    case 5: {
      // The head of one, the tail of another.
      const from = random.below(other.length)
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from)])
    }
    case 6: // A varint that never ends, or ends late.
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(1 + random.below(11), 0xff),
        bytes.subarray(at),
      ])
    case 7: // Invalid UTF-8.
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([0xc3, 0x28, 0xf8].slice(0, 1 + random.below(3))),
        bytes.subarray(at + 1),
      ])
    default: // Noise.
      for (let n = 0; n < length; n++) bytes[at + n] = random.below(256)
      return bytes
  }
}

/** The text of a JSON payload with some of its values replaced, repeated, nested or taken away. */
export function mutateJson(value: object, random: Random): string {
  let text = JSON.stringify(value)
  for (let steps = stepsOf(random); steps > 0; steps--) {
    const parsed = JSON.parse(text) as unknown
    const places = placesIn(parsed)
    const [holder, key] = random.one(places)
    holder[key] = replacement(holder[key], random)
    text = JSON.stringify(parsed)
    if (text === undefined) return 'null'
  }
  return text
}

type Holder = Record<string, unknown>

function placesIn(value: unknown): [Holder, string][] {
  if (typeof value !== 'object' || value === null) return [[{}, '']]
  const found: [Holder, string][] = []
  const stack: object[] = [value]
  for (let holder = stack.pop(); holder !== undefined; holder = stack.pop())
    for (const [key, inner] of Object.entries(holder)) {
      found.push([holder as Holder, key])
      if (typeof inner === 'object' && inner !== null && found.length < 2_000) stack.push(inner)
    }
  return found.length === 0 ? [[{}, '']] : found
}

function replacement(value: unknown, random: Random): unknown {
  // Of the same type it is more likely to get past the reader.
  if (typeof value === 'string' && random.chance(2)) return random.one(hostile) + value
  switch (random.below(9)) {
    case 0:
      return random.one([null, true, false, [], {}, '', 0, -1, 1.5, 2 ** 53, 1e308])
    case 1:
      return random.one(hostile)
    case 2:
      return random.one(hostile).repeat(1 + random.below(3_000))
    case 3:
      return [value]
    case 4:
      return { [random.one(hostile)]: value }
    case 5:
      return Array.from({ length: random.below(300) }, () => value)
    case 6:
      return nested(value, random)
    case 7:
      return undefined
    default:
      return typeof value === 'string' ? Number(value) : String(value)
  }
}

function nested(value: unknown, random: Random): unknown {
  let deep = value
  for (let levels = random.below(60); levels > 0; levels--)
    deep = { arrayValue: { values: [deep] } }
  return deep
}
