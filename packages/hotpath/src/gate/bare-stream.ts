import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'

export type StreamHeaders = Readonly<Record<string, string | undefined>>

/** What policies ask of a request, of one that came as a stream. */
export function requestOf(
  stream: ServerHttp2Stream,
  headers: StreamHeaders,
  rawHeaders: unknown,
): IncomingMessage {
  const request = {
    method: headers[':method'],
    url: headers[':path'],
    httpVersion: '2.0',
    headers,
    rawHeaders,
    socket: stream.session?.socket,
    stream,
    complete: stream.endAfterHeaders,
  }
  return request as unknown as IncomingMessage
}

/**
 * What policies ask of a response, and do with it, of a request that came as a stream: the app answers on the
 * stream, and sees none of this.
 */
class BareAnswer extends EventEmitter {
  #status = 200
  readonly #fields: Record<string, string> = {}

  constructor(
    readonly stream: ServerHttp2Stream,
    /** An answer to HEAD ends with its head. */
    private readonly isHead: boolean,
  ) {
    super()
  }

  get statusCode(): number {
    return Number(this.stream.sentHeaders?.[':status'] ?? this.#status)
  }

  set statusCode(status: number) {
    this.#status = status
  }

  get headersSent(): boolean {
    return this.stream.headersSent
  }

  get destroyed(): boolean {
    return this.stream.destroyed
  }

  get writableEnded(): boolean {
    return this.stream.writableEnded
  }

  /** Of the app's answer, once its head is out. */
  getHeader(name: string): unknown {
    return this.stream.sentHeaders?.[name] ?? this.#fields[name]
  }

  setHeader(name: string, value: string): void {
    this.#fields[name.toLowerCase()] = value
  }

  /** @param fields Names and values in turn, as `ServerResponse` takes them. */
  writeHead(status: number, fields: readonly string[]): void {
    this.#status = status
    for (let at = 0; at + 1 < fields.length; at += 2)
      this.setHeader(fields[at] as string, fields[at + 1] as string)
  }

  end(body: string | Uint8Array): void {
    const { stream } = this
    if (stream.headersSent || stream.destroyed) return
    // RFC 9113, 8.2.2: of a connection that many requests share a header says nothing.
    delete this.#fields['connection']
    stream.respond({ ':status': this.#status, ...this.#fields }, { endStream: this.isHead })
    if (!this.isHead) stream.end(body)
  }
}

/** It has what policies use of one. */
export const responseOf = (stream: ServerHttp2Stream, request: IncomingMessage): ServerResponse =>
  new BareAnswer(stream, request.method === 'HEAD') as unknown as ServerResponse
