import type { Attributes, Span, SpanLink } from '../model.js'
import type { SpanColumns } from './duckdb/traces.js'
import { idDigits, traceDigits } from './duckdb/ids.js'
import { kinds, statuses } from './span-table.js'

/**
 * Columns of the table `spans`, in the order in which they are read, as spans. A span that came twice
 * (its sender did not hear the first answer) is taken once: spans of a trace stand together, by start.
 */
export function decodeSpans(columns: SpanColumns): Span[] {
  const [hi = [], lo = [], spanId = []] = columns
  const seen = new Set<unknown>()
  const spans: Span[] = []
  let traceId = ''
  for (let i = 0; i < spanId.length; i++) {
    if (i === 0 || hi[i] !== hi[i - 1] || lo[i] !== lo[i - 1]) {
      seen.clear()
      traceId = traceDigits(hi[i] as bigint, lo[i] as bigint)
    }
    if (seen.has(spanId[i])) continue
    seen.add(spanId[i])
    spans.push(decodeSpan(columns, i, traceId))
  }
  return spans
}

function decodeSpan(columns: SpanColumns, i: number, traceId: string): Span {
  const [, , spanId, parentId, service, instance, name, kind, start, duration, ...rest] = columns
  const [status, attributes, links] = rest
  const parent = parentId?.[i]
  const link = links?.[i]
  return {
    traceId,
    spanId: idDigits(spanId?.[i] as bigint),
    ...(typeof parent === 'bigint' ? { parentId: idDigits(parent) } : {}),
    kind: kinds[Number(kind?.[i])] ?? 'internal',
    name: String(name?.[i]),
    service: String(service?.[i]),
    instance: String(instance?.[i]),
    startNs: start?.[i] as bigint,
    durationNs: Number(duration?.[i]),
    status: statuses[Number(status?.[i])] ?? 'unset',
    attributes: JSON.parse(String(attributes?.[i])) as Attributes,
    links: typeof link === 'string' ? (JSON.parse(link) as SpanLink[]) : [],
  }
}

/** Spans of several traces as one list for each of them; empty for one that is not stored any more. */
export function listsOf(
  traces: readonly { readonly traceId: string }[],
  spans: readonly Span[],
): Span[][] {
  const lists = new Map<string, Span[]>(traces.map(({ traceId }) => [traceId, []]))
  for (const span of spans) lists.get(span.traceId)?.push(span)
  return traces.map(({ traceId }) => lists.get(traceId) ?? [])
}
