import type { webcrypto } from 'node:crypto'

/** Ids are taken from random bytes fetched 512 at a time: one call a trace would cost 1 us. */
const POOL_BYTES = 512
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const pool = new Uint8Array(POOL_BYTES)
let next = POOL_BYTES

/** A random id of `bytes` bytes in lower case hexadecimal, never all zeros: `randomHex(8)`. */
export function randomHex(bytes: number): string {
  if (next + bytes > POOL_BYTES) {
    random().getRandomValues(pool)
    next = 0
  }
  let hex = ''
  let sum = 0
  for (const end = next + bytes; next < end; next++) {
    const byte = pool[next] as number
    sum |= byte
    hex += HEX[byte]
  }
  return sum === 0 ? randomHex(bytes) : hex
}

/** `globalThis.crypto` may be replaced by the app or its tests: take Node's own. */
function random(): webcrypto.Crypto {
  return process.getBuiltinModule('node:crypto').webcrypto
}
