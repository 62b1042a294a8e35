import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { channel } from 'node:diagnostics_channel'
import { context, isPutBack } from '../trace/context.js'
import { caught, contained } from '../trace/counts.js'
import { patchCached } from '../trace/module-load.js'
import { type ActiveTrace, recorder } from '../trace/recorder.js'
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
            if (isHeld(span, original, this, arguments)) return true
            const isCalled = isPutBack && isFromParser(request as IncomingMessage)
            return onward(span, original, this, arguments, isCalled)
          }
        }
        return original.apply(this, arguments as never)
      },
  )
}

/** Whether a request waits, or was sent away: whatever its client expects, else a header would be a way past. */
function isHeld(span: ServerSpan, original: Emit, self: unknown, args: IArguments): boolean {
  const { stage } = serving
  const { limits } = limiting
  if (stage?.shed === undefined && limits === undefined) return false
  // By number: to take `arguments` apart as a list costs 0.15 us.
  const request = args[1] as IncomingMessage
  const response = args[2] as Response
  if (stage?.shed?.(request, response, span) === true) return true
  const limit = limits?.atGate(request)
  if (limits === undefined || limit === undefined) return false
  return limits.hold(limit, request, response, () => void onward(span, original, self, args, false))
}

/** Its socket's parser, as node:http keeps it; `incoming` is the request that it reads. */
type Parsed = IncomingMessage & {
  readonly socket: { readonly parser?: { readonly incoming?: unknown } | null } | null
}

/** Whether Node's parser has just called, and so will put the context back; else the app did, with a request of its own. */
function isFromParser(request: IncomingMessage): boolean {
  return (request as Parsed).socket?.parser?.incoming === request
}

/**
 * The request's way from here on: a cache of answers, or the app.
 *
 * @param isCalled By Node's parser, which puts the context back: to enter it costs 0.15 us less than `run`, which
 *   makes a second frame for that (Node 24).
 */
function onward(
  span: ServerSpan,
  original: Emit,
  self: unknown,
  args: IArguments,
  isCalled: boolean,
): boolean {
  const { stage } = serving
  const way =
    stage === undefined
      ? undefined
      : args[0] === 'request'
        ? stage.enter(args[1] as IncomingMessage, args[2] as Response, span, original, self)
        : stage.enterUncached?.(args[1] as IncomingMessage, args[2] as Response, span, self)
  if (way === undefined && isCalled) {
    context.enterWith(span)
    return pass(original, self, args)
  }
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
          // Within `end()`, which has seen to answers that are whole: a larger one, or the last piece of one,
          // was put on its way, and what the app did for it is on the stack still.
          const span = (this as Response)[SPAN]
          if (span !== undefined && span.body === undefined) act(span.trace, recorder.now())
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

/** The answer ends, in bytes: whoever made them is on the stack still. One look at the clock is for all. */
function noteBody(span: ServerSpan, response: Response, chunk: unknown): void {
  // Its client is gone: nobody would look at the body, and let it go.
  if (span.endMs >= 0) return
  const { trace } = span
  const body = wholeBody(response, chunk)
  if (trace.serialisingMs < 0 && body === undefined) return
  const nowMs = recorder.now()
  if (trace.serialisingMs >= 0) span.serialisedMs = nowMs - trace.serialisingMs
  if (body === undefined) return
  span.body = body
  act(trace, nowMs)
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

function act(trace: ActiveTrace, nowMs: number): void {
  try {
    if (!trace.ended) trace.acts(nowMs)
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
