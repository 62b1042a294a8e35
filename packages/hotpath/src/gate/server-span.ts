import type { IncomingMessage } from 'node:http'
import { KeptRows } from '../answers/columns.js'
import { repeatsOf } from '../answers/look.js'
import { MAX_BYTES } from '../answers/repeats.js'
import type { Attributes } from '../trace/attributes.js'
import { contained } from '../trace/counts.js'
import { keeper } from '../trace/keeper.js'
import { OWN_HEADER, parseTraceparent, STANDARD_HEADER } from '../trace/propagation.js'
import { recorder } from '../trace/recorder.js'
import { type RouteStats, routeStats } from '../trace/routes.js'
import { ActiveTrace, OpenSpan } from '../trace/span.js'
import { rawHeadersOf } from '../serve/raw-headers.js'
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

type Body = string | Uint8Array | undefined

/** The span of one request that we serve: the root of what this process does for it. */
export class ServerSpan extends OpenSpan {
  private statusCode = 0
  private aborted = false
  /** A cache gave the answer, and no code of the app ran. */
  fromCache = false
  /** Whether the answer is to be compared with those before it; undefined: that is asked at its close. */
  compared: boolean | undefined = undefined
  private whole: Body = undefined
  private known: RouteStats | undefined = undefined
  /** The route of which `known` is. */
  private knownRoute: string | null | undefined = undefined
  private stays = false
  /** For how long its answer was put into bytes; -1: not known. */
  serialisedMs = -1
  /** What was seen of its answer. */
  seen: Attributes | undefined = undefined

  constructor(
    trace: ActiveTrace,
    readonly method: string,
    readonly url: string,
    private readonly version: string,
  ) {
    super(trace, undefined, 'server', method, undefined)
  }

  /** All of the answer's body, from `end` to its close; undefined where it was written in pieces. */
  get body(): Body {
    return this.whole
  }

  /**
   * A buffer is the app's again once it was sent: where it will be compared or searched it is copied, 1 us for
   * 10 kB: by `new`, which copies bytes. `Uint8Array.from` goes through the iterator where anything in the process
   * has changed those of arrays, as in Directus: 50 ms for 400 kB. Where no framework named the route it is not compared: what a 404 asked for is no route.
   */
  set body(body: Body) {
    this.whole = body
    if (body instanceof Uint8Array) this.keep(body)
  }

  private keep(body: Uint8Array): void {
    this.compared = contained('gate.server-span', () => this.takesTurn(body)) ?? false
    if (this.compared || this.trace.rows instanceof KeptRows) this.whole = new Uint8Array(body)
  }

  private takesTurn({ length }: Uint8Array): boolean {
    if (this.method !== 'GET' || this.fromCache || length > MAX_BYTES) return false
    if (typeof this.trace.route !== 'string') return false
    return repeatsOf(this.stats()).takesTurn(this.url, recorder.now())
  }

  /** The response closed: counts the request, and ends the trace. */
  close(statusCode: number, finished: boolean): void {
    if (this.endMs >= 0) return
    this.statusCode = statusCode
    this.aborted = !finished
    this.end(statusCode >= 500 ? 'error' : 'unset')
    this.stats()
      .duration(statusCode, this.fromCache)
      .record((this.endMs - this.startMs) / 1000)
  }

  /** Each statement asks. After the end of its trace they stay: a route is named before that. */
  override stats(): RouteStats {
    const { known } = this
    if (known !== undefined && this.stays) return known
    const { route, ended } = this.trace
    this.stays = ended
    // What is guessed before the end is of a request that may become a 404.
    if (known !== undefined && route !== undefined && route === this.knownRoute) return known
    this.knownRoute = route
    return (this.known = this.statsOf(route))
  }

  private statsOf(route: string | null | undefined): RouteStats {
    // What nobody found is no route: else a scanner would name them.
    if (route === undefined && this.isUnfound()) return routeStats(this.method, undefined)
    if (route === undefined) return routeStats(this.method, guessRoute(this.url), true)
    return routeStats(this.method, route ?? undefined)
  }

  /** Nobody looks for a route either where the path cannot be decoded: Fastify answers those itself. */
  private isUnfound(): boolean {
    return this.statusCode === 404 || (this.statusCode === 400 && isMalformed(this.url))
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
    const attributes: Attributes = {
      'http.request.method': method,
      ...this.attributes,
      ...this.seen,
    }
    if (template !== undefined) attributes['http.route'] = template
    if (guessed) attributes['hotpath.route.guessed'] = true
    attributes['http.response.status_code'] = statusCode
    // As OpenTelemetry has it.
    attributes['network.protocol.version'] = this.version === '2.0' ? '2' : this.version
    attributes['hotpath.sampled.reason'] = trace.reason
    if (statusCode >= 500) attributes['error.type'] = String(statusCode)
    if (this.aborted) attributes['hotpath.aborted'] = true
    if (this.fromCache) attributes['hotpath.cache'] = 'hit'
    if (this.serialisedMs >= 0) attributes['hotpath.answer.serialised_ms'] = this.serialisedMs
    if (trace.dropped > 0) attributes['hotpath.dropped.spans'] = trace.dropped
    return attributes
  }
}

function isMalformed(url: string): boolean {
  try {
    decodeURIComponent(url)
    return false
  } catch {
    return true
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
  const rawHeaders = rawHeadersOf(request)
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
