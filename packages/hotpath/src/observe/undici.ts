import { subscribe } from 'node:diagnostics_channel'
import { caught } from '../trace/counts.js'
import { injection } from '../trace/propagation.js'
import { type OpenSpan, recorder } from '../trace/recorder.js'
import { namesOf } from './header-list.js'
import { answered, describeCall, failed } from './outgoing.js'

interface Request {
  readonly origin?: string | URL
  readonly method: string
  readonly path: string
  /** 'a: b\r\n' up to undici 5, ['a', 'b'] since 6. */
  readonly headers?: string | readonly unknown[]
  readonly upgrade?: unknown
  addHeader(name: string, value: string): unknown
}
interface Message {
  readonly request: Request
  readonly response?: { readonly statusCode: number }
  readonly error?: unknown
}

const spans = new WeakMap<Request, OpenSpan>()

/**
 * `fetch` and undici, Node's own copy and those from npm, which all publish to the same channels. A
 * `fetch` is one request there; each redirect or retry is one more, as it is on the network.
 */
export function observeUndici(): void {
  on('undici:request:create', created)
  on('undici:request:headers', ({ request, response }) => {
    const span = spans.get(request)
    if (span !== undefined && response !== undefined) answered(span, response.statusCode)
  })
  on('undici:request:trailers', ({ request }) => spans.get(request)?.end())
  on('undici:request:error', ({ request, error }) => {
    const span = spans.get(request)
    if (span !== undefined) failed(span, error)
  })
}

function on(channel: string, listener: (message: Message) => void): void {
  subscribe(channel, message => {
    try {
      listener(message as Message)
    } catch {
      caught('observe.undici')
    }
  })
}

function created({ request }: Message): void {
  // An upgraded connection (WebSocket) never ends as a request does.
  if (!recorder.enabled || request.upgrade || request.method === 'CONNECT') return
  const span = recorder.startSpan('client', 'HTTP')
  spans.set(request, span)
  const { hostname, port, protocol } = new URL(String(request.origin))
  const known = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  describeCall(span, request.method, hostname, known, request.path)
  const [name, value] = injection(span, hasTraceparent(request.headers))
  request.addHeader(name, value)
}

function hasTraceparent(headers: Request['headers']): boolean {
  if (typeof headers === 'string') return /(?:^|\n)traceparent:/i.test(headers)
  return headers !== undefined && namesOf(headers).includes('traceparent')
}
