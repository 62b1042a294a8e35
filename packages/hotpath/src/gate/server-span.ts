import type { IncomingMessage } from 'node:http'
import type { Attributes } from '../trace/attributes.js'
import { keeper } from '../trace/keeper.js'
import { OWN_HEADER, parseTraceparent, STANDARD_HEADER } from '../trace/propagation.js'
import { type RouteStats, routeStats } from '../trace/routes.js'
import { ActiveTrace, OpenSpan } from '../trace/span.js'
import { isTrusted } from '../trace/trust.js'
import { guessRoute } from './route-guess.js'

/** RFC 9110 and PATCH; anything else may hold anything. */
const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
])

/** The span of one request that we serve: the root of what this process does for it. */
export class ServerSpan extends OpenSpan {
  private statusCode = 0
  private aborted = false

  constructor(
    trace: ActiveTrace,
    private readonly method: string,
    private readonly url: string,
    private readonly version: string,
  ) {
    super(trace, undefined, 'server', method, undefined)
  }

  /** The response closed: counts the request, and ends the trace. */
  close(statusCode: number, finished: boolean): void {
    if (this.endMs >= 0) return
    this.statusCode = statusCode
    this.aborted = !finished
    this.end(statusCode >= 500 ? 'error' : 'unset')
    this.stats()
      .duration(statusCode)
      .record((this.endMs - this.startMs) / 1000)
  }

  override stats(): RouteStats {
    const { route } = this.trace
    // What nobody found is no route: else a scanner would name them.
    if (route === undefined && this.statusCode === 404) return routeStats(this.method, undefined)
    if (route === undefined) return routeStats(this.method, guessRoute(this.url), true)
    return routeStats(this.method, route ?? undefined)
  }

  /** When the response closes. */
  override endsByItself(): boolean {
    return true
  }

  override statusClass(): number {
    return this.aborted ? 0 : Math.floor(this.statusCode / 100)
  }

  override describe(): Attributes {
    const { method, template, guessed } = this.stats()
    const { trace, statusCode } = this
    this.name = template === undefined ? method : `${method} ${template}`
    const attributes: Attributes = { 'http.request.method': method, ...this.attributes }
    if (template !== undefined) attributes['http.route'] = template
    if (guessed) attributes['hotpath.route.guessed'] = true
    attributes['http.response.status_code'] = statusCode
    attributes['network.protocol.version'] = this.version
    attributes['hotpath.sampled.reason'] = trace.reason
    if (statusCode >= 500) attributes['error.type'] = String(statusCode)
    if (this.aborted) attributes['hotpath.aborted'] = true
    if (trace.dropped > 0) attributes['hotpath.dropped.spans'] = trace.dropped
    return attributes
  }
}

/** Opens the trace of a request: the caller's, when it sent one and is believed. */
export function startServerSpan(request: IncomingMessage): ServerSpan {
  const { method = '', url = '' } = request
  const trace = new ActiveTrace(keeper)
  const known = METHODS.has(method) ? method : '_OTHER'
  const span = trace.begin(new ServerSpan(trace, known, url, request.httpVersion))
  adopt(trace, request)
  return span
}

/** Headers are looked for in the raw list: `request.headers` would build an object to be asked. */
function adopt(trace: ActiveTrace, request: IncomingMessage): void {
  const { rawHeaders } = request
  let standard: string | undefined
  let own: string | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === STANDARD_HEADER.length && name.toLowerCase() === STANDARD_HEADER) {
      standard = rawHeaders[at + 1]
    } else if (name.length === OWN_HEADER.length && name.toLowerCase() === OWN_HEADER) {
      own = rawHeaders[at + 1]
    }
  }
  if (standard === undefined && own === undefined) return
  const trusted = isTrusted(request.socket)
  const remote =
    (own !== undefined && trusted ? parseTraceparent(own) : undefined) ??
    (standard === undefined ? undefined : parseTraceparent(standard))
  if (remote === undefined) return
  if (trusted) trace.continues(remote)
  else trace.link = remote
}
