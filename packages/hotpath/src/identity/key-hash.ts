import { createHmac, randomBytes } from 'node:crypto'

/** 96 bits: two of a billion keys are the same with a chance of one in 10^11. */
const BYTES = 12

/**
 * Makes of a key what may leave the process: it tells keys apart, and nobody without the secret can tell, or
 * try out, whose it is. Without a secret it is of this process alone, and what two processes send cannot be
 * compared.
 *
 *     const hashed = keyHash('a secret that all instances have')
 *     hashed('203.0.113.9') // 'mFq6h2…', 16 characters
 */
export function keyHash(secret: string | Uint8Array = randomBytes(32)): (key: string) => string {
  return key =>
    createHmac('sha256', secret).update(key).digest().subarray(0, BYTES).toString('base64url')
}
