import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { caught, contained } from '../trace/counts.js'
import { injection } from '../trace/propagation.js'
import { type OpenSpan, recorder } from '../trace/recorder.js'
import { addToList, namesOf } from './header-list.js'
import { answered, describeCall, failed } from './outgoing.js'

/** Published before or while the first request of a process is made; the last is for https alone. */
const FIRST_SIGNS = ['http.server.request.start', 'net.client.socket', 'http.client.request.start']
const PATCHED = Symbol.for('hotpath.observed')

const spans = new WeakMap<ClientRequest, OpenSpan>()

type Request = ClientRequest
type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean
interface Methods {
  _implicitHeader(this: Request): unknown
  _storeHeader(this: Request, firstLine: string, headers: unknown): unknown
  emit(this: Request, event: string | symbol, ...args: unknown[]): boolean
}

/**
 * Outgoing calls through node:http and node:https, however they are made: all end in a ClientRequest,
 * and its head is written by one of two methods. The span begins there. So `const { request } =
 * require('http')`, named imports and wrappers of other tracers are all seen, and each once. (The channel
 * `http.client.request.created` would do, but Node 20 has it not.)
 *
 * The patch waits for the first sign of traffic, because to load node:http takes 4 ms, which a program
 * that makes no call shall not pay. An https call may be that first sign: it has a span, but its
 * head is gone already, so no header.
 */
export function observeHttpClient(): void {
  const install = (message: unknown) => {
    for (const name of FIRST_SIGNS) unsubscribe(name, install)
    try {
      patch(process.getBuiltinModule('node:http').ClientRequest.prototype as unknown as Methods)
      const { request } = message as { readonly request?: Request }
      if (request !== undefined && '_implicitHeader' in request) begin(request)
    } catch {
      caught('observe.http-client')
    }
  }
  for (const name of FIRST_SIGNS) subscribe(name, install)
}

function patch(prototype: Methods): void {
  if (PATCHED in prototype) return
  const { _implicitHeader, _storeHeader, emit } = prototype
  const methods: Methods = {
    _implicitHeader() {
      if (recorder.enabled && spans.get(this) === undefined) addHeader(this)
      return _implicitHeader.call(this)
    },
    /** Called directly, not by the method above, for headers given as a list and with `Expect`. */
    _storeHeader(firstLine, headers) {
      if (!recorder.enabled || spans.get(this) !== undefined) {
        return _storeHeader.call(this, firstLine, headers)
      }
      if (Array.isArray(headers)) return _storeHeader.call(this, firstLine, listed(this, headers))
      addHeader(this)
      return _storeHeader.call(this, firstLine, headers)
    },
    /**
     * Events are seen on their way. A listener for 'response' would be wrong: Node throws away an answer
     * that nobody listens to, and keeps the socket for one that somebody does.
     */
    emit(event, ...args) {
      const span = spans.get(this)
      if (span !== undefined && span.endMs < 0) note(event, args[0], span)
      return emit.call(this, event, ...args)
    },
  }
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true })
  }
  Object.defineProperty(prototype, PATCHED, { value: true })
}

function addHeader(request: Request): void {
  try {
    const span = begin(request, request.getHeader('host'))
    request.setHeader(...injection(span, request.hasHeader('traceparent')))
  } catch {
    caught('observe.http-client')
  }
}

function listed(request: Request, headers: readonly unknown[]): readonly unknown[] {
  try {
    const names = namesOf(headers)
    const at = names.indexOf('host')
    const flat = headers.flat()
    const host = at < 0 ? undefined : flat[2 * at + 1]
    const span = begin(request, host)
    return addToList(headers, injection(span, names.includes('traceparent')))
  } catch {
    caught('observe.http-client')
    return headers
  }
}

function begin(request: Request, hostHeader: unknown = request.getHeader('host')): OpenSpan {
  const span = recorder.startSpan('client', 'HTTP')
  spans.set(request, span)
  const { method, host, path } = request
  const port = portOf(request, String(hostHeader ?? ''))
  describeCall(span, method, host, port, path)
  return span
}

/** The port is in the Host header only; undefined when that names another host, as the app may say. */
function portOf({ host, protocol }: ClientRequest, hostHeader: string): number | undefined {
  const [, name, port] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(hostHeader) ?? []
  if (name !== host) return undefined
  return port === undefined ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

function note(event: string | symbol, first: unknown, span: OpenSpan): void {
  try {
    if (event === 'response') {
      const response = first as IncomingMessage
      answered(span, response.statusCode ?? 0)
      watchAnswer(response, span)
    } else if (event === 'upgrade' || event === 'connect') {
      answered(span, (first as IncomingMessage).statusCode ?? 0)
      span.end()
    } else if (event === 'error') {
      failed(span, first)
    } else if (event === 'close' && span.attributes?.['http.response.status_code'] === undefined) {
      failed(span, undefined)
    }
  } catch {
    caught('observe.http-client')
  }
}

/**
 * In place of listeners of ours, which the app could count, and take away. The `emit` that was there is
 * called, not that of the prototype: of an object that the app made from the answer, the prototype is
 * the answer itself.
 */
function watchAnswer(response: IncomingMessage, span: OpenSpan): void {
  const original = Reflect.get(response, 'emit') as Emit
  const emit: Emit = function (event, ...args) {
    if (span.endMs < 0 && this === response && (event === 'end' || event === 'close')) {
      contained('observe.http-client', () =>
        event === 'end' ? span.end() : closed(response, span),
      )
    }
    return original.call(this, event, ...args)
  }
  Object.defineProperty(response, 'emit', { value: emit, writable: true, configurable: true })
}

function closed(response: IncomingMessage, span: OpenSpan): void {
  if (response.complete) span.end()
  else failed(span, response.errored)
}
