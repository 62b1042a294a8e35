import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { streamOf } from './open-ended.js'

/** Whether a request says itself that its body is longer. */
export function saysTooLong({ headers }: IncomingMessage, most: number): boolean {
  return Number(headers['content-length'] ?? 0) > most
}

/** Counts a body whose length nobody said, as it arrives; beyond `most` bytes it ends, and `tooLong` is called. */
export function limitBody(request: IncomingMessage, most: number, tooLong: () => void): void {
  const stream = streamOf(request)
  const isUnknown =
    stream === undefined
      ? request.headers['transfer-encoding'] !== undefined
      : !stream.endAfterHeaders && request.headers['content-length'] === undefined
  if (!isUnknown) return
  // What is served as a stream has its body there, and no request.
  const body: Readable | undefined = typeof request.push === 'function' ? request : stream
  if (body === undefined) return
  const { push } = body
  let bytes = 0
  let isOver = false
  Object.defineProperty(body, 'push', {
    configurable: true,
    writable: true,
    value(this: Readable, chunk: Buffer | string | null, encoding?: BufferEncoding): boolean {
      if (isOver) return false
      if (chunk !== null) bytes += chunk.length
      if (bytes <= most) return push.call(this, chunk, encoding)
      isOver = true
      // RFC 9113, 8.1: once it is answered, the rest need not be sent.
      stream?.once('finish', () => stream.close())
      tooLong()
      // The app hears that it has not all of it, as when a client leaves.
      if (body === request) request.destroy()
      return false
    },
  })
}
