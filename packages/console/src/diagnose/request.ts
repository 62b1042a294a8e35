import type { Trace, TraceSpan } from '../model.js'

/**
 * The request that each span of a trace belongs to: the nearest server or consumer span above it in
 * its own service. Spans outside of requests are left out. From the top down, so that deep traces cost
 * no more than flat ones.
 */
export function requestsOf(trace: Trace): Map<TraceSpan, TraceSpan> {
  const requests = new Map<TraceSpan, TraceSpan>()
  for (const span of trace.spans) {
    const own = isRequest(span)
    const above = span.parent && requests.get(span.parent)
    const request = own ? span : above?.service === span.service ? above : nearest(span)
    if (request) requests.set(span, request)
  }
  return requests
}

/** A request and all that is below it, parents before children. */
export function spansUnder(request: TraceSpan): TraceSpan[] {
  const spans = [request]
  for (let i = 0; i < spans.length; i++)
    for (const child of spans[i]?.children ?? []) spans.push(child)
  return spans
}

export function isRequest(span: TraceSpan): boolean {
  return span.kind === 'server' || span.kind === 'consumer'
}

/** Services do not interleave deeper than this. */
const furthest = 64

function nearest(span: TraceSpan): TraceSpan | undefined {
  let at: TraceSpan | undefined = span
  for (let step = 0; at && step < furthest; step++, at = at.parent)
    if (at.service === span.service && isRequest(at)) return at
  return undefined
}
