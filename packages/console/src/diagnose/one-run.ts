import type { Finding, FindingKind, Trace, TraceSpan } from '../model.js'
import { findings } from './findings.js'

/**
 * What one request of a test suite shows as well as a thousand of production: it is counted, not timed. The
 * other kinds are judged by the clock or by a typical request, and a suite has neither: its first requests
 * are cold, its machine is busy, its pools are new in each file. What is looked for in answers is no kind of
 * it either, since the recorder has an allowance of time for that, and what becomes of an answer on the way
 * (compression) is for a proxy that a suite lacks.
 */
const counted: ReadonlySet<FindingKind> = new Set<FindingKind>([
  'n-plus-one',
  'n-plus-one-calls',
  'repeated-statement',
  'unbounded-list',
  'large-result',
])

/** The findings in a run of tests, those that take most first: one request that shows it is enough. */
export function findingsOfRun(traces: readonly Trace[]): Finding[] {
  const judged = traces.map(withoutLooks)
  return findings({ traces: judged, routes: [], statements: [] }, { kinds: counted, once: true })
}

/** What is known of columns that no answer needs. A busy machine knows less of it. */
const looks = ['hotpath.columns.unused', 'hotpath.columns.unused_bytes']

/** The trace as if nobody had looked: else a large result would be named on one machine and not on the next. */
function withoutLooks(trace: Trace): Trace {
  if (!trace.spans.some(({ attributes }) => looks.some(name => name in attributes))) return trace
  const copies = new Map(trace.spans.map(span => [span, copyOf(span)]))
  const copied = (spans: readonly TraceSpan[]) => spans.flatMap(span => copies.get(span) ?? [])
  for (const copy of copies.values()) {
    copy.parent = copy.parent && copies.get(copy.parent)
    copy.children = copied(copy.children)
  }
  return { ...trace, spans: [...copies.values()], roots: copied(trace.roots) }
}

type Copy = { -readonly [Key in keyof TraceSpan]: TraceSpan[Key] }

function copyOf(span: TraceSpan): Copy {
  const attributes = Object.entries(span.attributes).filter(([name]) => !looks.includes(name))
  return { ...span, attributes: Object.fromEntries(attributes) }
}
