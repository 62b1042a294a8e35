import { linksText } from '../store/span-table.js'
import type { Describer } from './describe.js'
import { readJson } from './otlp/json.js'
import { readJsonSpansByHand } from './otlp/json-spans.js'
import { type OtlpSpan, type TracesRequest, tracesRequest } from './otlp/messages.js'
import { readProtobuf } from './otlp/protobuf.js'
import { readSpansByHand } from './otlp/protobuf-spans.js'
import type { Encoding } from './otlp/reply.js'
import { isNone, linkLimit, readId, readLink, writeId } from './links.js'
import type { Source } from './source.js'
import { TraceRows } from './trace-rows.js'

/** Reads a request into rows. Throws `Malformed`; a span without a time is refused alone. */
export function readTraces(
  bytes: Uint8Array,
  encoding: Encoding,
  describer: Describer,
  nowMs: number,
): TraceRows {
  const byHand = encoding === 'json' ? readJsonSpansByHand : readSpansByHand
  const rows = byHand(bytes, describer, nowMs)
  if (rows !== undefined) return rows
  const read = encoding === 'json' ? readJson : readProtobuf
  return rowsOf(read(bytes, tracesRequest) as TracesRequest, describer, nowMs)
}

/** The rows of a request that was read into objects. */
export function rowsOf(request: TracesRequest, describer: Describer, nowMs: number): TraceRows {
  const rows = new TraceRows(nowMs, 64)
  for (const { resource, scopeSpans = [] } of request.resourceSpans ?? []) {
    const source = describer.source(resource, rows.losses)
    for (const { spans = [] } of scopeSpans)
      for (const span of spans) addSpan(span, source, describer, rows)
  }
  return rows
}

function addSpan(span: OtlpSpan, source: Source, describer: Describer, rows: TraceRows): void {
  const { place } = rows
  const traceId = readId(span.traceId, 32, 'trace id')
  const spanId = readId(span.spanId, 16, 'span id')
  // An empty parent is no parent; SDKs of old sent zeros for the same.
  const root = isNone(span.parentSpanId)
  writeId(place.words, place.traceHigh, traceId, 0)
  writeId(place.words, place.traceLow, traceId, 16)
  writeId(place.words, place.span, spanId, 0)
  const parent = root ? zeros : readId(span.parentSpanId, 16, 'parent span id')
  writeId(place.words, place.parent, parent, 0)
  place.numbers[place.start] = span.startTimeUnixNano ?? 0n
  place.numbers[place.end] = span.endTimeUnixNano ?? 0n
  if (!rows.isTimed()) return
  const description = describer.describe(source, {
    name: span.name ?? '',
    kind: span.kind ?? 0,
    status: span.status?.code ?? 0,
    root,
    attributes: span.attributes,
  })
  const links = span.links?.slice(0, linkLimit).map(readLink) ?? []
  rows.add(description, linksText(links))
}

const zeros = '0'.repeat(16)
