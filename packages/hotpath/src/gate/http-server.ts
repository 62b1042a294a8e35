import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { channel } from 'node:diagnostics_channel'
import { context } from '../trace/context.js'
import { caught, contained } from '../trace/counts.js'
import { patchCached } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { ServerSpan, startServerSpan } from './server-span.js'

type Emit = (this: unknown, type: string | symbol, ...args: unknown[]) => boolean

/** Where a response keeps its span; a property costs less than a WeakMap. */
const SPAN = Symbol('hotpath.span')
type Response = ServerResponse & { [SPAN]?: ServerSpan }

/** Tells an `emit` of ours, so that a prototype is gated once. */
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
    original =>
      // `arguments` handed on costs nothing; a rest parameter makes an array for each event.
      function emit(this: unknown, type, request, response) {
        if (
          recorder.enabled &&
          (type === 'request' || type === 'checkContinue' || type === 'checkExpectation')
        ) {
          const span = open(request as IncomingMessage, response as Response)
          if (span !== undefined) return context.run(span, pass, original, this, arguments)
        }
        return original.apply(this, arguments as never)
      },
  )
}

/**
 * The end of an answer is its `close`, whether it was finished or given up. It is taken from `emit`
 * and not from a listener: those the app may remove, and counts.
 */
function gateResponse(prototype: ServerResponse): void {
  own(
    prototype,
    original =>
      function emit(this: unknown, type) {
        if (type === 'close') {
          const span = (this as Response)[SPAN]
          if (span !== undefined) close(span, this as Response)
        }
        return original.apply(this, arguments as never)
      },
  )
}

let served = false

/** Undefined when there is a span already: one request may be emitted again by the app. */
function open(request: IncomingMessage, response: Response): ServerSpan | undefined {
  try {
    if (!served) {
      served = true
      patchCached()
    }
    if (response[SPAN] !== undefined) return undefined
    const span = startServerSpan(request)
    response[SPAN] = span
    return span
  } catch {
    caught('gate.http-server')
    return undefined
  }
}

function close(span: ServerSpan, response: Response): void {
  try {
    span.close(response.statusCode, response.writableFinished)
  } catch {
    caught('gate.http-server')
  }
}

function pass(original: Emit, self: unknown, args: IArguments): boolean {
  return original.apply(self, args as never)
}

/** Gives a prototype an own `emit` over the inherited one. */
function own(prototype: object, gate: (original: Emit) => Emit): void {
  const original = Reflect.get(prototype, 'emit') as Emit & { [OURS]?: true }
  if (original[OURS] === true) return
  const gated = Object.assign(gate(original), { [OURS]: true as const })
  Object.defineProperty(prototype, 'emit', { value: gated, writable: true, configurable: true })
}
