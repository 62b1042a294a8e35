import type { CallSite, Trace, TraceSpan } from '../model.js'
import { callSite } from './calls.js'
import { add } from './occurrence.js'
import { requestsOf } from './request.js'

/** One address of another service, called in one request. */
export interface OutgoingGroup {
  readonly request: TraceSpan
  /** `GET prices:8080/prices/:id`. */
  readonly target: string
  readonly where?: CallSite
  /** By start. */
  readonly calls: readonly TraceSpan[]
}

/** The calls to other services by HTTP of each request, by method and address. */
export function outgoing(trace: Trace): readonly OutgoingGroup[] {
  const known = memo.get(trace)
  if (known) return known
  const found = find(trace)
  memo.set(trace, found)
  return found
}

const memo = new WeakMap<Trace, readonly OutgoingGroup[]>()

function find(trace: Trace): OutgoingGroup[] {
  const calls = trace.spans.filter(isOutgoing)
  if (calls.length === 0) return []
  const requests = requestsOf(trace)
  const byRequest = new Map<TraceSpan, TraceSpan[]>()
  for (const call of calls) {
    const request = requests.get(call)
    if (request) add(byRequest, request, call)
  }
  return [...byRequest].flatMap(([request, own]) => {
    const byTarget = new Map<string, TraceSpan[]>()
    for (const call of own) add(byTarget, targetOf(call), call)
    return [...byTarget].map(([target, same]) => {
      const where = same.map(callSite).find(site => site !== undefined)
      const byStart = same.sort((a, b) => a.offsetNs - b.offsetNs)
      return { request, target, ...(where ? { where } : {}), calls: byStart }
    })
  })
}

/** A call out by HTTP; a redirect that is followed, or a span of a client below another's, counts once. */
export function isOutgoing(span: TraceSpan): boolean {
  return isHttpCall(span) && !(span.parent !== undefined && isHttpCall(span.parent))
}

const isHttpCall = ({ kind, attributes }: TraceSpan): boolean =>
  kind === 'client' && typeof attributes['http.request.method'] === 'string'

export function targetOf({ attributes, name }: TraceSpan): string {
  const host = attributes['server.address']
  const port = attributes['server.port']
  const path = attributes['url.template']
  if (typeof host !== 'string') return name
  const at = typeof port === 'number' ? `${host}:${port}` : host
  return `${String(attributes['http.request.method'])} ${at}${typeof path === 'string' ? path : ''}`
}

/** A call that only asks. */
export function isRead({ attributes }: TraceSpan): boolean {
  const method = attributes['http.request.method']
  return method === 'GET' || method === 'HEAD' || method === 'QUERY'
}
