/** What a client of PostgreSQL sends first: its length, and one of these in place of a kind. */
const ASKS_ENCRYPTION = new Set([80_877_103, 80_877_104])
const VERSION_3 = 3
/** PostgreSQL takes no longer one. */
const MOST = 10_000
/** PostgreSQL cuts longer names. */
const NAME_BYTES = 63

export type First = 'startup' | 'asks encryption' | 'another protocol'

/** What the first chunk of a connection tells of its protocol. */
export function firstOf(chunk: unknown): First {
  if (!(chunk instanceof Uint8Array) || chunk.length < 8) return 'another protocol'
  const bytes = bufferOf(chunk)
  const length = bytes.readInt32BE(0)
  const code = bytes.readInt32BE(4)
  if (length === 8 && ASKS_ENCRYPTION.has(code)) return 'asks encryption'
  const isStartup = code >>> 16 === VERSION_3 && length >= 9 && length <= MOST
  return isStartup && length === bytes.length && bytes.at(-1) === 0 ? 'startup' : 'another protocol'
}

/** The same start with `suffix` behind the name that the session gets. */
export function named(startup: Uint8Array, suffix: string): Buffer {
  const bytes = bufferOf(startup)
  const fields = bytes.toString('utf8', 8, bytes.length - 2).split('\0')
  const at = fields.findIndex((field, i) => i % 2 === 0 && field === 'application_name')
  let own = at < 0 ? '' : (fields[at + 1] ?? '')
  while (Buffer.byteLength(own + suffix) > NAME_BYTES) own = own.slice(0, -1)
  const name = (own + suffix).trimStart()
  if (at < 0) fields.push('application_name', name)
  else fields[at + 1] = name
  const body = Buffer.from(`${fields.join('\0')}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  bytes.copy(head, 4, 4, 8)
  return Buffer.concat([head, body])
}

export const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
