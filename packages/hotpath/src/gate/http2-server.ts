import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2ServerResponse, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { subscribe } from 'node:diagnostics_channel'
import { context } from '../trace/context.js'
import { contained } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'
import { requestOf, responseOf, type StreamHeaders } from './bare-stream.js'
import { openRequest, ownEmit } from './http-server.js'
import { limiting } from './limit-stage.js'
import { SERVED, serving } from './serve-stage.js'
import type { ServerSpan } from './server-span.js'

/** Where a response keeps its span; those of HTTP/1 have theirs elsewhere. */
const SPAN = Symbol('hotpath.span')
/** Where a stream that is answered as one keeps what stands for its response. */
const ANSWER = Symbol('hotpath.answer')
type Response = Http2ServerResponse & { [SPAN]?: ServerSpan }
type Stream = ServerHttp2Stream & { [SPAN]?: ServerSpan; [ANSWER]?: ServerResponse }

/** A request that came, whichever API the app serves it by. */
interface Met {
  readonly span: ServerSpan
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What the app answers on, if that is no response. */
  readonly bare: ServerHttp2Stream | undefined
}

/**
 * Requests of node:http2, by its API that is like that of node:http and by that of streams: the `emit` of its
 * servers, which have no names that could be asked for, so they are gated when the first connection to one
 * comes. Limits and the crowd have to do with them, caches have not.
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
        if (type === 'session') serving.stage?.connected?.(request as ServerHttp2Session)
        if (!(isRequest || type === 'stream') || !recorder.enabled)
          return original.apply(this, arguments as never)
        const met = isRequest
          ? meet(request as IncomingMessage, response as Response)
          : meetStream(this as Server, request as Stream, response as StreamHeaders, arguments[4])
        if (met === undefined) return original.apply(this, arguments as never)
        const run = (): boolean => Reflect.apply(original, this, arguments) as boolean
        if (serving.stage === undefined && limiting.limits === undefined)
          return context.run(met.span, run)
        return enter(met, this, run)
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

const ignore = (): void => {}

/** The way of a request to the app, as that of HTTP/1: shed, limits, the crowd. */
function enter(
  { span, request, response, bare }: Met,
  server: unknown,
  app: () => boolean,
): boolean {
  const { stage } = serving
  const { limits } = limiting
  // The error of a stream that its client has reset is the app's once it has the stream, and nobody's before.
  bare?.on('error', ignore)
  const run = (): boolean => {
    bare?.removeListener('error', ignore)
    return app()
  }
  if (stage?.shed?.(request, response, span) === true) return true
  const onward = (): boolean => {
    const way = stage?.enterUncached?.(request, response, span, server)
    if (way === undefined) return context.run(span, run)
    return way === SERVED || context.run(span, way, run)
  }
  const limit = limits?.atGate(request)
  if (limits === undefined || limit === undefined) return onward()
  return limits.hold(limit, request, response, () => void onward()) || onward()
}

/** A server of node:http2 may speak HTTP/1 as well: those responses are gated as all of node:http. */
function meet(request: IncomingMessage, response: Response): Met | undefined {
  const met = { request, response: response as unknown as ServerResponse, bare: undefined }
  if (!('stream' in response)) {
    const span = openRequest(request, met.response)
    return span === undefined ? undefined : { span, ...met }
  }
  if (response[SPAN] !== undefined) return undefined
  const span = openRequest(request, undefined)
  if (span === undefined) return undefined
  response[SPAN] = span
  return { span, ...met }
}

/**
 * What comes as a stream and is answered as one. Where there is a listener for requests, Node makes one of the
 * stream, which is seen as that.
 */
function meetStream(
  server: Server,
  stream: Stream,
  headers: StreamHeaders,
  rawHeaders: unknown,
): Met | undefined {
  if (server.listenerCount('request') > 0 || stream[SPAN] !== undefined) return undefined
  const request = requestOf(stream, headers, rawHeaders)
  const span = openRequest(request, undefined)
  if (span === undefined) return undefined
  const response = responseOf(stream, request)
  stream[SPAN] = span
  stream[ANSWER] = response
  contained('gate.http2-server', () => gateStream(Object.getPrototypeOf(stream) as object))
  return { span, request, response, bare: stream }
}

function gateStream(prototype: object): void {
  ownEmit(
    prototype,
    original =>
      function emit(this: unknown, type) {
        const stream = this as Stream
        const span = type === 'close' ? stream[SPAN] : undefined
        if (span !== undefined) closeStream(stream, span)
        return original.apply(this, arguments as never)
      },
  )
}

function closeStream(stream: Stream, span: ServerSpan): void {
  const { [ANSWER]: answer } = stream
  contained('gate.http2-server', () => {
    if (answer === undefined) return
    serving.stage?.closed(answer)
    answer.emit('close')
  })
  contained('gate.http2-server', () => {
    const status = Number(stream.sentHeaders?.[':status'] ?? 0)
    span.close(status, stream.writableEnded && stream.rstCode === 0)
  })
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
