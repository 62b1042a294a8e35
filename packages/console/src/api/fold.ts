import { reading } from '../diagnose/reading.js'
import type { Trace, TraceSpan } from '../model.js'

/** From five alike on a list says nothing that a sum does not. */
const foldFrom = 5

/** A row of a waterfall: one span, or many alike that are shown as one. */
export interface FoldedRow {
  /** By start; one unless folded. */
  readonly spans: readonly TraceSpan[]
  readonly folded: boolean
  readonly depth: number
}

/**
 * The rows of a trace, depth first. Five or more siblings alike become one row wherever they stand
 * among the others, so a loop with waits in between is two rows. Below a folded row the children of
 * all its spans are siblings: 200 `resolve user` with one SELECT each are two rows as well.
 * With `expand` each span is a row of its own.
 */
export function foldRows(trace: Trace, expand: boolean): FoldedRow[] {
  if (expand) return trace.spans.map(span => ({ spans: [span], folded: false, depth: span.depth }))
  const rows: FoldedRow[] = []
  const stack = groupsAmong(trace.roots, false, 0).toReversed()
  for (let row = stack.pop(); row; row = stack.pop()) {
    rows.push(row)
    const children =
      row.spans.length === 1
        ? (row.spans[0]?.children ?? [])
        : row.spans.flatMap(span => span.children).sort((a, b) => a.offsetNs - b.offsetNs)
    for (const group of groupsAmong(children, row.folded, row.depth + 1).toReversed())
      stack.push(group)
  }
  return rows
}

function groupsAmong(
  siblings: readonly TraceSpan[],
  parentFolded: boolean,
  depth: number,
): FoldedRow[] {
  const byKey = new Map<string, TraceSpan[]>()
  for (const span of siblings) {
    const key = likenessOf(span)
    const group = byKey.get(key)
    if (group) group.push(span)
    else byKey.set(key, [span])
  }
  return [...byKey.values()]
    .flatMap(spans =>
      parentFolded || spans.length >= foldFrom
        ? [{ spans, folded: spans.length > 1 || parentFolded, depth }]
        : spans.map(span => ({ spans: [span], folded: false, depth })),
    )
    .sort((a, b) => (a.spans[0]?.offsetNs ?? 0) - (b.spans[0]?.offsetNs ?? 0))
}

/** Equal for spans that differ in their data only. */
function likenessOf(span: TraceSpan): string {
  const text = span.attributes['db.query.text']
  const what = typeof text === 'string' ? reading(text).template : span.attributes['url.template']
  return JSON.stringify([span.service, span.kind, span.name, what ?? ''])
}
