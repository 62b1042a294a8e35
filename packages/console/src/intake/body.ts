import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { limits, Malformed } from './otlp/malformed.js'
import type { Encoding } from './otlp/reply.js'

/** The encoding that a Content-Type names, or undefined for one that OTLP does not have. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase()
  if (type === 'application/json') return 'json'
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf'
  return undefined
}

const inflaters = { gzip: promisify(gunzip), deflate: promisify(inflate) }

/** The body as it was before it was compressed. Throws `Malformed`. */
export async function decompress(
  body: Uint8Array,
  contentEncoding = 'identity',
): Promise<Uint8Array> {
  const name = contentEncoding.trim().toLowerCase()
  if (name === 'identity' || name === '') return body
  if (name !== 'gzip' && name !== 'deflate')
    throw new Malformed('Content-Encoding must be gzip, deflate or identity.', 415)
  try {
    return await inflaters[name](body, { maxOutputLength: limits.inflatedBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new Malformed(
        `The body is larger than ${limits.inflatedBytes} bytes when decompressed.`,
        413,
      )
    throw new Malformed(`The body is not ${name}: ${(error as Error).message}.`)
  }
}
