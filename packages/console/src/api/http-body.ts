import type { IncomingMessage } from 'node:http'

/** Why a body was not read. */
export type BodyRefusal = 'too large' | 'busy' | 'aborted'

/** Bytes of bodies that may be in memory at a time, over all requests. */
const inFlightLimit = 64 * 1024 * 1024
let inFlight = 0

/**
 * Reads the body of a request and hands it to `use`; a body that is too large is not read on. All
 * bodies together have a limit too: beyond it a request is refused as 'busy' and may be sent again.
 */
export async function withBody<T>(
  request: IncomingMessage,
  limitBytes: number,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T | BodyRefusal> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return 'too large'
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const buffer = chunk as Buffer
      bytes += buffer.length
      inFlight += buffer.length
      if (bytes > limitBytes) return 'too large'
      if (inFlight > inFlightLimit) return 'busy'
      chunks.push(buffer)
    }
    // Without this an upload that broke off would be read as if it were whole.
    if (!request.complete) return 'aborted'
    return await use(Buffer.concat(chunks))
  } catch (error) {
    if (request.destroyed && !request.complete) return 'aborted'
    throw error
  } finally {
    inFlight -= bytes
  }
}
