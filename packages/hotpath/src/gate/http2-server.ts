import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2ServerResponse, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { subscribe } from 'node:diagnostics_channel'
import { context } from '../trace/context.js'
import { contained } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'
import { openRequest, ownEmit } from './http-server.js'
import { SERVED, serving } from './serve-stage.js'
import type { ServerSpan } from './server-span.js'

/** Where a response keeps its span; those of HTTP/1 have theirs elsewhere. */
const SPAN = Symbol('hotpath.span')
type Response = Http2ServerResponse & { [SPAN]?: ServerSpan }
type Stream = ServerHttp2Stream & { [SPAN]?: ServerSpan }
type Headers = Readonly<Record<string, string | undefined>>

/**
 * Requests of node:http2, by its API that is like that of node:http and by that of streams: the `emit` of its
 * servers, which have no names that could be asked for, so they are gated when the first connection to one
 * comes. Of `serve/` the crowd alone has to do with requests, and nothing with bare streams.
 */
export function gateHttp2Server(): void {
  const known = new WeakSet<object>()
  subscribe('net.server.socket', message => {
    const { socket } = message as { readonly socket?: Socket & { readonly server?: Server } }
    const server = socket?.server
    if (server === undefined) return
    const prototype = Object.getPrototypeOf(server) as Server
    if (known.has(prototype)) return
    known.add(prototype)
    contained('gate.http2-server', () => {
      if (/^Http2(?:Secure)?Server$/.test(prototype.constructor.name)) gate(prototype)
    })
  })
}

function gate(prototype: Server): void {
  ownEmit(
    prototype,
    original =>
      function emit(this: unknown, type, request, response) {
        const isRequest =
          type === 'request' || type === 'checkContinue' || type === 'checkExpectation'
        if (!(isRequest || type === 'stream') || !recorder.enabled)
          return original.apply(this, arguments as never)
        const span = isRequest
          ? open(request as IncomingMessage, response as Response)
          : openStream(this as Server, request as Stream, response as Headers, arguments[4])
        if (span === undefined) return original.apply(this, arguments as never)
        if (!isRequest) return context.run(span, Reflect.apply, original, this, arguments)
        const { stage } = serving
        const asked = request as IncomingMessage
        const answer = response as unknown as ServerResponse
        if (stage?.shed?.(asked, answer, span) === true) return true
        // No server: Node bounds slow clients of HTTP/2 by other settings.
        const way = stage?.enterUncached?.(asked, answer, span, undefined)
        if (way === SERVED) return true
        const run = (): boolean => Reflect.apply(original, this, arguments) as boolean
        return way === undefined ? context.run(span, run) : context.run(span, way, run)
      },
  )
  const { Http2ServerResponse } = process.getBuiltinModule('node:http2')
  ownEmit(
    Http2ServerResponse.prototype,
    original =>
      function emit(this: unknown, type) {
        if (type === 'close') close(this as Response)
        return original.apply(this, arguments as never)
      },
  )
}

/** A server of node:http2 may speak HTTP/1 as well: those responses are gated as all of node:http. */
function open(request: IncomingMessage, response: Response): ServerSpan | undefined {
  if (!('stream' in response)) return openRequest(request, response)
  if (response[SPAN] !== undefined) return undefined
  const span = openRequest(request, undefined)
  if (span !== undefined) response[SPAN] = span
  return span
}

/**
 * What comes as a stream and is answered as one. Where there is a listener for requests, Node makes one of the
 * stream, which is seen as that.
 */
function openStream(
  server: Server,
  stream: Stream,
  headers: Headers,
  rawHeaders: unknown,
): ServerSpan | undefined {
  if (server.listenerCount('request') > 0 || stream[SPAN] !== undefined) return undefined
  const request = {
    method: headers[':method'],
    url: headers[':path'],
    httpVersion: '2.0',
    rawHeaders,
    socket: stream.session?.socket,
  }
  const span = openRequest(request as unknown as IncomingMessage, undefined)
  if (span === undefined) return undefined
  stream[SPAN] = span
  contained('gate.http2-server', () => gateStream(Object.getPrototypeOf(stream) as object))
  return span
}

function gateStream(prototype: object): void {
  ownEmit(
    prototype,
    original =>
      function emit(this: unknown, type) {
        const stream = this as Stream
        const span = type === 'close' ? stream[SPAN] : undefined
        if (span !== undefined)
          contained('gate.http2-server', () => {
            const status = Number(stream.sentHeaders?.[':status'] ?? 0)
            span.close(status, stream.writableEnded && stream.rstCode === 0)
          })
        return original.apply(this, arguments as never)
      },
  )
}

function close(response: Response): void {
  const span = response[SPAN]
  if (span === undefined) return
  serving.stage?.closed(response as unknown as ServerResponse)
  contained('gate.http2-server', () => {
    const { rstCode = 0 } = response.stream ?? {}
    span.close(response.statusCode, response.writableEnded && rstCode === 0)
  })
}
