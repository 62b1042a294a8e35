import type { OpenSpan, SpanContext } from './span.js'

/** W3C Trace Context, https://www.w3.org/TR/trace-context/ section 3.2. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** The header beside a foreign tracer's `traceparent`; preferred when the peer is believed. */
export const OWN_HEADER = 'hotpath-traceparent'
export const STANDARD_HEADER = 'traceparent'

/** Reads a `traceparent`; undefined when it is malformed, as the standard asks. */
export function parseTraceparent(text: string): SpanContext | undefined {
  const match = TRACEPARENT.exec(text)
  if (match === null) return undefined
  const [, version, traceId = '', spanId = '', flags = '', rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Other tracers announce themselves on the global object; any of them injects on its own. */
const COMPANY = [
  Symbol.for('dd-trace'),
  Symbol.for('elastic-apm-node'),
  '_ddtrace',
  '__SENTRY__',
  '__NR_agent',
] as const

let otelPropagates = () => false

/** Who knows what is registered with the API of OpenTelemetry says whether a propagator is. */
export function tellOtelPropagates(asked: () => boolean): void {
  otelPropagates = asked
}

/** Another tracer in this process adds `traceparent` itself. */
function inCompany(): boolean {
  return otelPropagates() || COMPANY.some(name => Reflect.get(globalThis, name) !== undefined)
}

/**
 * The header that carries `span` to the next process: `[name, value]`. Where another tracer writes
 * or already wrote `traceparent`, ours goes beside it under its own name, so that there is never a
 * second one.
 */
export function injection(span: OpenSpan, hasTraceparent: boolean): readonly [string, string] {
  const { traceId, spanId, sampled } = span.context()
  const name = hasTraceparent || inCompany() ? OWN_HEADER : STANDARD_HEADER
  return [name, `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`]
}
