import type { Attributes, OpenSpan } from '../trace/recorder.js'
import { pathTemplate } from '../trace/path-template.js'
import { takeSite } from '../trace/site.js'

/** The methods that a span may be named after; any other word is `_OTHER`, as OpenTelemetry has it. */
const METHODS = new Set('CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE'.split(' '))

/**
 * Names an outgoing call: `GET /users/:id`. Of the address only host, port and the path with its ids
 * replaced are kept: never the path as it is, the query or credentials.
 */
export function describeCall(
  span: OpenSpan,
  method: string,
  address: string,
  port: number | undefined,
  path: string,
): void {
  const known = method.toUpperCase()
  const name = METHODS.has(known) ? known : '_OTHER'
  const template = name === 'CONNECT' ? undefined : pathTemplate(path)
  const attributes: Attributes = {
    'http.request.method': name,
    'server.address': address,
  }
  if (port !== undefined) attributes['server.port'] = port
  if (template !== undefined) attributes['url.template'] = template
  span.name = template === undefined ? name : `${name} ${template}`
  span.add(attributes)
  takeSite(span)
}

/** The head of the answer came; the span goes on until its body did. */
export function answered(span: OpenSpan, statusCode: number): void {
  span.add({ 'http.response.status_code': statusCode })
  if (statusCode >= 400) {
    span.status = 'error'
    span.add({ 'error.type': String(statusCode) })
  }
}

/** Ends the span with the kind of failure; never its message, which quotes addresses and values. */
export function failed(span: OpenSpan, error: unknown): void {
  span.end('error', { 'error.type': errorType(error) })
}

/** A constant of a library's code; what an app writes in small letters may be data (`code: user.name`). */
const CONSTANT = /^[A-Z][A-Z\d]*(?:_[A-Z\d]+)*$/
const CLASS = /^[A-Z]\w*(?:Error|Exception)$/
const IDENTIFIER = /^[A-Za-z]\w*$/
const MAX_NAME = 64

/** `ECONNREFUSED`, `UND_ERR_SOCKET`, `AbortError`, `TypeError`; `_OTHER` for what has no such name. */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '_OTHER'
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: unknown }
  const { code: deeper } = (cause ?? {}) as { code?: unknown }
  const { name: made } = (error.constructor ?? {}) as { name?: unknown }
  const is = (text: unknown, form: RegExp): text is string =>
    typeof text === 'string' && text.length <= MAX_NAME && form.test(text)
  if (is(code, CONSTANT)) return code
  if (is(deeper, CONSTANT)) return deeper
  if (is(name, CLASS)) return name
  return is(made, IDENTIFIER) ? made : '_OTHER'
}
