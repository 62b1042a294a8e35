import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { channel } from 'node:diagnostics_channel'
import { context } from '../trace/context.js'
import { caught, contained } from '../trace/counts.js'
import { patchCached } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { wholeBody } from '../answers/answer.js'
import { seeAnswer } from './seen-answer.js'
import { limiting } from './limit-stage.js'
import { SERVED, serving, type Way } from './serve-stage.js'
import { ServerSpan, startServerSpan } from './server-span.js'

type Emit = (this: unknown, type: string | symbol, ...args: unknown[]) => boolean

type End = (this: unknown, chunk?: unknown, encoding?: unknown, callback?: unknown) => unknown

type Watched = Extract<Way, (run: never) => boolean>

/** Where a response keeps its span; a property costs less than a WeakMap. */
const SPAN = Symbol('hotpath.span')
type Response = ServerResponse & { [SPAN]?: ServerSpan }

/** Tells a method of ours, so that a prototype is gated once. */
const OURS = Symbol('hotpath.emit')

/**
 * Gates `emit` of http.Server, https.Server and http.ServerResponse. Where node:http is not loaded
 * yet, when the first request of the process arrives: the channel publishes right before `emit`, so
 * that one passes the gate as well, and a program that serves nothing does not load node:http
 * because of us. Where it is loaded, at once: a tracer before us (Sentry) takes a server's `emit` on
 * that channel and keeps it, and would go past a gate that came later.
 */
export function gateHttpServer(): void {
  if (isHttpLoaded()) {
    install()
    return
  }
  const start = channel('http.server.request.start')
  const first = () => {
    start.unsubscribe(first)
    install()
  }
  start.subscribe(first)
}

/** Node lists what it has loaded; without the list we do not know, and load it. */
function isHttpLoaded(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] }
  return moduleLoadList?.includes('NativeModule http') ?? true
}

function install(): void {
  contained('gate.http-server', () => {
    const http = process.getBuiltinModule('node:http')
    gateServer(http.Server.prototype)
    gateServer(process.getBuiltinModule('node:https').Server.prototype)
    gateResponse(http.ServerResponse.prototype)
  })
}

function gateServer(prototype: Server): void {
  own(
    prototype,
    'emit',
    (original: Emit): Emit =>
      // `arguments` handed on costs nothing; a rest parameter makes an array for each event.
      function emit(this: unknown, type, request, response) {
        if (
          recorder.enabled &&
          (type === 'request' || type === 'checkContinue' || type === 'checkExpectation')
        ) {
          const span = openRequest(request as IncomingMessage, response as Response)
          if (span !== undefined) {
            // Whatever a client expects: else a header would be a way past.
            const { stage } = serving
            if (stage?.shed?.(request as IncomingMessage, response as Response, span) === true)
              return true
            const { limits } = limiting
            const limit = limits?.atGate(request as IncomingMessage)
            if (limits !== undefined && limit !== undefined) {
              const go = () => void onward(span, type, original, this, arguments)
              if (limits.hold(limit, request as IncomingMessage, response as Response, go))
                return true
            }
            return onward(span, type, original, this, arguments)
          }
        }
        return original.apply(this, arguments as never)
      },
  )
}

/** The request's way from here on: a cache of answers, or the app. */
function onward(
  span: ServerSpan,
  type: string,
  original: Emit,
  self: unknown,
  args: IArguments,
): boolean {
  const { stage } = serving
  const [, request, response] = args as unknown as [string, IncomingMessage, Response]
  const way =
    type === 'request'
      ? stage?.enter(request, response, span, original, self)
      : stage?.enterUncached?.(request, response, span, self)
  if (way === undefined) return context.run(span, pass, original, self, args)
  return way === SERVED || context.run(span, passWatched, way, original, self, args)
}

/**
 * The end of an answer is its `close`, whether it was finished or given up. It is taken from `emit`
 * and not from a listener: those the app may remove, and counts.
 */
function gateResponse(prototype: ServerResponse): void {
  own(
    prototype,
    'end',
    (original: End): End =>
      function end(this: unknown, chunk, _encoding, _callback) {
        const span = (this as Response)[SPAN]
        if (span !== undefined) noteBody(span, this as Response, chunk)
        return original.apply(this, arguments as never)
      },
  )
  own(
    prototype,
    'emit',
    (original: Emit): Emit =>
      function emit(this: unknown, type) {
        if (type === 'close') {
          const span = (this as Response)[SPAN]
          if (span !== undefined) {
            serving.stage?.closed(this as Response)
            close(span, this as Response)
          }
        } else if (type === 'prefinish') {
          // Within `end()`: what the app did for its answer is on the stack still.
          const span = (this as Response)[SPAN]
          if (span !== undefined) act(span)
        }
        return original.apply(this, arguments as never)
      },
  )
}

let served = false

/**
 * The span of a request that begins; undefined when there is one already: one request may be emitted again by
 * the app.
 *
 * @param response Keeps the span, and ends it; undefined where another does.
 */
export function openRequest(
  request: IncomingMessage,
  response: ServerResponse | undefined,
): ServerSpan | undefined {
  try {
    if (!served) {
      served = true
      patchCached()
    }
    if (response !== undefined && SPAN in response) return undefined
    const span = startServerSpan(request)
    if (response !== undefined) (response as Response)[SPAN] = span
    return span
  } catch {
    caught('gate.http-server')
    return undefined
  }
}

/** The answer ends, in bytes: whoever made them is on the stack still. */
function noteBody(span: ServerSpan, response: Response, chunk: unknown): void {
  // Its client is gone: nobody would look at the body, and let it go.
  if (span.endMs >= 0) return
  const { serialisingMs } = span.trace
  if (serialisingMs >= 0) span.serialisedMs = recorder.now() - serialisingMs
  span.body = wholeBody(response, chunk)
}

function close(span: ServerSpan, response: Response): void {
  try {
    // At its end a trace lets go of its spans.
    const { spans } = span.trace
    span.close(response.statusCode, response.writableFinished)
    seeAnswer(span, spans, response)
  } catch {
    caught('gate.http-server')
  }
}

function act({ trace }: ServerSpan): void {
  try {
    if (!trace.ended) trace.acts(recorder.now())
  } catch {
    caught('gate.http-server')
  }
}

function pass(original: Emit, self: unknown, args: IArguments): boolean {
  return original.apply(self, args as never)
}

function passWatched(way: Watched, original: Emit, self: unknown, args: IArguments): boolean {
  return way(() => original.apply(self, args as never))
}

/** Gates the `emit` of a prototype, once. */
export function ownEmit(prototype: object, gate: (original: Emit) => Emit): void {
  own(prototype, 'emit', gate)
}

/** Gives a prototype an own method over the inherited one. */
function own<Of extends Emit | End>(
  prototype: object,
  name: 'emit' | 'end',
  gate: (original: Of) => Of,
): void {
  const original = Reflect.get(prototype, name) as Of & { [OURS]?: true }
  if (original[OURS] === true) return
  const gated = Object.assign(gate(original), { [OURS]: true as const })
  Object.defineProperty(prototype, name, { value: gated, writable: true, configurable: true })
}
