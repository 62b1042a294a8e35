import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { Ages } from '../entry.js'
import type { Serializer } from '../serializer.js'

/**
 * An entry as bytes:
 *
 *     format u8 | flags u8 | tags u16 | statements u32 | born f64 | fresh f64 | early f64 | stale f64 | kept f64
 *     for each tag: name length u16, name, id length u8, id
 *     value
 *
 * Times are milliseconds since 1970 for `born`, and after it for the others.
 */
export interface Envelope {
  readonly ages: Ages
  readonly statements: number
  readonly ids: ReadonlyMap<string, string>
  readonly flags: number
  /** The value, maybe compressed. */
  readonly body: Buffer
}

const FORMAT = 1
const HEAD = 48
export const UNDEFINED = 1
export const COMPRESSED = 2

/** What a body may become when it is inflated: a bound, against a store that holds what we did not write. */
const LARGEST = 256 << 20

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)

export interface Body {
  readonly flags: number
  readonly bytes: Uint8Array
}

/** The value as bytes. @throws what the serialiser throws */
export function bodyOf(value: unknown, serializer: Serializer): Body {
  if (value === undefined) return { flags: UNDEFINED, bytes: new Uint8Array() }
  const bytes: unknown = serializer.serialize(value)
  if (typeof bytes === 'string') return { flags: 0, bytes: Buffer.from(bytes) }
  if (bytes instanceof Uint8Array) return { flags: 0, bytes }
  throw new TypeError('a serializer returned neither text nor bytes')
}

/** Level 1: at 16 kB of JSON a third of the time of the default for a tenth more bytes. */
export async function compressed(body: Body, above: number): Promise<Body> {
  if (body.bytes.length <= above) return body
  const bytes = await deflate(body.bytes, { level: 1 })
  if (bytes.length >= body.bytes.length) return body
  return { flags: body.flags | COMPRESSED, bytes }
}

export function valueIn(flags: number, body: Buffer, serializer: Serializer): unknown {
  return (flags & UNDEFINED) === 0 ? serializer.deserialize(body) : undefined
}

export function inflated(body: Buffer): Promise<Buffer> {
  return inflate(body, { maxOutputLength: LARGEST })
}

/** `origin` is that of the clock: what it calls 0, in milliseconds since 1970. */
export function pack(
  body: Body,
  ages: Ages,
  statements: number,
  ids: ReadonlyMap<string, string>,
  origin: number,
): Buffer {
  const named = [...ids].map(([name, id]) => [Buffer.from(name), Buffer.from(id)] as const)
  const size = named.reduce((sum, [name, id]) => sum + 3 + name.length + id.length, HEAD)
  const bytes = Buffer.allocUnsafe(size + body.bytes.length)
  bytes[0] = FORMAT
  bytes[1] = body.flags
  bytes.writeUInt16LE(named.length, 2)
  bytes.writeUInt32LE(statements, 4)
  bytes.writeDoubleLE(ages.bornAt + origin, 8)
  bytes.writeDoubleLE(ages.freshUntil - ages.bornAt, 16)
  bytes.writeDoubleLE(ages.earlyAt - ages.bornAt, 24)
  bytes.writeDoubleLE(ages.staleUntil - ages.bornAt, 32)
  bytes.writeDoubleLE(ages.keptUntil - ages.bornAt, 40)
  let at = HEAD
  for (const [name, id] of named) {
    at = bytes.writeUInt16LE(name.length, at)
    at += name.copy(bytes, at)
    at = bytes.writeUInt8(id.length, at)
    at += id.copy(bytes, at)
  }
  bytes.set(body.bytes, at)
  return bytes
}

/** Undefined for what is none of ours. Another machine's clock may be ahead: nothing is born later than `now`. */
export function unpack(raw: Uint8Array, origin: number, now: number): Envelope | undefined {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  if (bytes.length < HEAD || bytes[0] !== FORMAT) return undefined
  const count = bytes.readUInt16LE(2)
  const bornAt = Math.min(bytes.readDoubleLE(8) - origin, now)
  const ages = {
    bornAt,
    freshUntil: bornAt + bytes.readDoubleLE(16),
    earlyAt: bornAt + bytes.readDoubleLE(24),
    staleUntil: bornAt + bytes.readDoubleLE(32),
    keptUntil: bornAt + bytes.readDoubleLE(40),
  }
  const ids = new Map<string, string>()
  let at = HEAD
  for (let i = 0; i < count; i++) {
    if (at + 2 > bytes.length) return undefined
    const nameEnd = at + 2 + bytes.readUInt16LE(at)
    if (nameEnd + 1 > bytes.length) return undefined
    const idEnd = nameEnd + 1 + (bytes[nameEnd] ?? 0)
    if (idEnd > bytes.length) return undefined
    ids.set(bytes.toString('utf8', at + 2, nameEnd), bytes.toString('latin1', nameEnd + 1, idEnd))
    at = idEnd
  }
  const flags = bytes[1] ?? 0
  return { ages, statements: bytes.readUInt32LE(4), ids, flags, body: bytes.subarray(at) }
}
