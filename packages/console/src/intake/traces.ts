import type { AttributeValue, Span, SpanKind, SpanLink, SpanStatus } from '../model.js'
import { cut, readAttributes, type Losses } from './attributes.js'
import { toCurrentNames } from './conventions.js'
import type { Foreign } from './foreign.js'
import { limits, Malformed } from './otlp/malformed.js'
import type { OtlpSpan, TracesRequest } from './otlp/messages.js'
import { readSource, type Source } from './source.js'
import type { Refusals } from './refusals.js'

export interface ReadTraces {
  readonly spans: readonly Span[]
  /** Spans of senders that are not our recorder: their histograms may have to be made here. */
  readonly foreign: readonly Span[]
}

const kinds: readonly SpanKind[] = [
  'internal',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
]
const statuses: readonly SpanStatus[] = ['unset', 'ok', 'error']

/** Links of one span that are kept. */
const linkLimit = 128

/** Turns a request into spans. Throws `Malformed` when an id is none; a span without a time is refused. */
export function readTraces(
  request: TracesRequest,
  losses: Losses,
  refusals: Refusals,
  settling: Foreign,
  nowMs: number,
): ReadTraces {
  const spans: Span[] = []
  const foreign: Span[] = []
  for (const { resource, scopeSpans = [] } of request.resourceSpans ?? []) {
    const source = readSource(resource, losses)
    for (const otlp of scopeSpans.flatMap(scope => scope.spans ?? [])) {
      if (spans.length >= limits.spans)
        throw new Malformed(
          `The request has more than ${limits.spans} spans. Send less at a time.`,
          413,
        )
      const read = readSpan(otlp, source, losses, refusals, nowMs)
      if (read === undefined) continue
      const span = source.recorder ? read : { ...read, ...settling.settle(read, read.attributes) }
      spans.push(span)
      if (!source.recorder) foreign.push(span)
    }
  }
  return { spans, foreign }
}

function readSpan(
  otlp: OtlpSpan,
  source: Source,
  losses: Losses,
  refusals: Refusals,
  nowMs: number,
): (Span & { attributes: Record<string, AttributeValue> }) | undefined {
  const traceId = readId(otlp.traceId, 32, 'trace id')
  const spanId = readId(otlp.spanId, 16, 'span id')
  // An empty parent is no parent; SDKs of old sent zeros for the same.
  const parent = isNone(otlp.parentSpanId)
    ? undefined
    : readId(otlp.parentSpanId, 16, 'parent span id')
  const times = readTimes(otlp, nowMs)
  if (typeof times === 'string') {
    refusals.add(times)
    return undefined
  }
  const kind = kinds[otlp.kind ?? 0] ?? 'internal'
  const attributes = toCurrentNames(
    readAttributes(otlp.attributes, losses),
    kind === 'server' || kind === 'consumer' ? 'server' : 'client',
  )
  return {
    traceId,
    spanId,
    ...(parent === undefined ? {} : { parentId: parent }),
    kind,
    name: cut(otlp.name ?? '', losses, 1_024),
    service: source.service,
    instance: source.instance,
    ...times,
    status: statuses[otlp.status?.code ?? 0] ?? 'unset',
    attributes,
    links: otlp.links === undefined ? none : otlp.links.slice(0, linkLimit).map(readLink),
  }
}

const none: readonly SpanLink[] = []

const readLink = (link: { traceId?: string; spanId?: string }): SpanLink => ({
  traceId: readId(link.traceId, 32, 'trace id of a link'),
  spanId: readId(link.spanId, 16, 'span id of a link'),
})

/** Nothing, or zeros. */
const isNone = (id: string | undefined): boolean =>
  id === undefined || id === '' || (id.startsWith('0') && /^0+$/.test(id))

function readId(id: string | undefined, digits: number, what: string): string {
  if (id?.length === digits && !isNone(id)) return id
  const got = id === undefined || id === '' ? 'is missing' : `has ${id.length}`
  throw new Malformed(
    `A ${what} must have ${digits} hexadecimal digits, not all of them 0, but ${
      id?.length === digits ? 'is all zeros' : got
    }.`,
  )
}

const dayMs = 24 * 60 * 60 * 1000

/** Start and duration, or why the span has no place in time. */
function readTimes(
  otlp: OtlpSpan,
  nowMs: number,
): { readonly startNs: bigint; readonly durationNs: number } | string {
  const startNs = otlp.startTimeUnixNano ?? 0n
  if (startNs === 0n) return 'without a start time'
  // What lies far ahead would never be old enough to be dropped.
  // As doubles, which are right to 256 ns.
  if (Number(startNs) > (nowMs + dayMs) * 1e6) return 'that start more than a day from now'
  const endNs = otlp.endTimeUnixNano ?? 0n
  // A clock that was set back while the span ran: it started, and that is all that is known.
  const durationNs = endNs > startNs ? Number(endNs - startNs) : 0
  if (durationNs > 10 * dayMs * 1_000_000) return 'longer than 10 days'
  return { startNs, durationNs }
}
