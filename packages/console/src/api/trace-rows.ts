import { callSite } from '../diagnose/calls.js'
import { median, orderOf, unionNs } from '../diagnose/timing.js'
import type { Trace, TraceSpan } from '../model.js'
import type { TraceRowSpan } from './answers.js'
import { criticalPath, selfNs } from './critical-path.js'
import { type FoldedRow, foldRows } from './fold.js'

/** What one answer holds at most; the other rows are counted. */
const mostRows = 5_000
/** A comb of calls is drawn over fewer columns than this anywhere. */
const mostCalls = 1_000

/** The waterfall of a trace, row by row. */
export function traceRows(
  trace: Trace,
  expand: boolean,
): { readonly rows: readonly TraceRowSpan[]; readonly left: number } {
  const path = criticalPath(trace)
  const all = foldRows(trace, expand)
  return {
    rows: all.slice(0, mostRows).map(row => rowOf(row, path)),
    left: Math.max(0, all.length - mostRows),
  }
}

function rowOf(
  { spans, folded, depth }: FoldedRow,
  path: ReadonlyMap<TraceSpan, number>,
): TraceRowSpan {
  const [first] = spans
  if (!first) throw new Error('a row without a span')
  const endNs = spans.reduce((end, span) => Math.max(end, span.offsetNs + span.durationNs), 0)
  const site = spans.map(callSite).find(where => where !== undefined)
  return {
    spanId: first.spanId,
    name: first.name,
    kind: first.kind,
    category: categoryOf(first),
    service: first.service,
    depth,
    offsetNs: first.offsetNs,
    durationNs: endNs - first.offsetNs,
    // Side by side, the sum of their times is more than there was.
    selfNs: folded && orderOf(spans) === 'concurrent' ? unionNs(spans) : sumOf(spans, selfNs),
    criticalNs: sumOf(spans, span => path.get(span) ?? 0),
    critical: spans.some(span => path.has(span)),
    status: spans.some(span => span.status === 'error') ? 'error' : first.status,
    attributes: first.attributes,
    ...(site ? { where: site } : {}),
    ...(folded ? { folded: summaryOf(spans) } : {}),
  }
}

function summaryOf(spans: readonly TraceSpan[]): NonNullable<TraceRowSpan['folded']> {
  return {
    count: spans.length,
    p50Ns: median(spans.map(span => span.durationNs)),
    maxNs: spans.reduce((most, span) => Math.max(most, span.durationNs), 0),
    sumNs: sumOf(spans, span => span.durationNs),
    order: orderOf(spans),
    calls: callsOf(spans),
  }
}

/** Of more calls than fit, the longest of each of as many stretches: what stands out is kept. */
function callsOf(spans: readonly TraceSpan[]): (readonly [number, number])[] {
  const step = Math.max(1, spans.length / mostCalls)
  const calls: (readonly [number, number])[] = []
  for (let from = 0; from < spans.length; from += step) {
    const stretch = spans.slice(
      Math.round(from),
      Math.max(Math.round(from) + 1, Math.round(from + step)),
    )
    const longest = stretch.reduce((most, span) =>
      span.durationNs > most.durationNs ? span : most,
    )
    calls.push([longest.offsetNs, longest.durationNs])
  }
  return calls
}

export function categoryOf({ kind, attributes }: TraceSpan): TraceRowSpan['category'] {
  const system = attributes['db.system.name']
  if (attributes['hotpath.wait'] !== undefined) return 'waiting'
  if (system === 'redis' || system === 'memcached') return 'cache'
  if (system !== undefined || attributes['hotpath.connect'] !== undefined) return 'database'
  return kind === 'client' || kind === 'producer' ? 'http' : 'code'
}

function sumOf(spans: readonly TraceSpan[], value: (span: TraceSpan) => number): number {
  return spans.reduce((sum, span) => sum + value(span), 0)
}
