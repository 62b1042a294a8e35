import type { TraceAnswer, TraceRowSpan } from '../../src/api/answers.js'
import { Comb } from '../draw/comb.js'
import { count, counted, ofNs, percent } from '../say/figures.js'

/**
 * The evidence as a picture: the whole request, and in it the calls that the finding is about. For a
 * loop each call is a tooth; a slow statement is one wide one.
 */
export function Drawn({
  trace,
  spanIds,
  subject,
}: {
  trace: TraceAnswer
  spanIds: readonly string[]
  subject: string
}) {
  const rows = rowsOf(trace, new Set(spanIds), subject)
  if (rows.length === 0) return null
  const calls = rows
    .flatMap(row => row.folded?.calls ?? [[row.offsetNs, row.durationNs] as const])
    .toSorted((a, b) => a[0] - b[0])
  const n = rows.reduce((sum, row) => sum + (row.folded?.count ?? 1), 0)
  const sum = rows.reduce((ns, row) => ns + (row.folded?.sumNs ?? row.durationNs), 0)
  const longest = calls.reduce((most, [, ns]) => Math.max(most, ns), 0)
  const whole = Math.max(1, trace.durationNs)
  return (
    <figure class="drawn">
      <div class="whole-request" title="The request">
        <i />
        <span>{ofNs(trace.durationNs)}</span>
      </div>
      <div class="its-calls">
        <Comb
          calls={calls}
          from={0}
          to={whole}
          fill="--database"
          name={`${counted(n, 'call')} in a request of ${ofNs(whole)}, together ${ofNs(sum)}`}
        />
      </div>
      <figcaption class="muted small">
        <span>0</span>
        <span>
          {n === 1 ? 'the call' : `${count(n)} calls, a tooth for each`}: {ofNs(sum)},{' '}
          {percent(Math.min(1, sum / whole))} of this request; the longest {ofNs(longest)}
        </span>
        <span>{ofNs(whole)}</span>
      </figcaption>
    </figure>
  )
}

/** The rows of the spans that the finding names; a fold is named by its first, and has the rest of its statement. */
function rowsOf(trace: TraceAnswer, spanIds: ReadonlySet<string>, subject: string): TraceRowSpan[] {
  const named = trace.rows.filter(row => spanIds.has(row.spanId))
  const isOfSubject = (row: TraceRowSpan) => row.attributes['db.query.text'] === subject
  return named.every(isOfSubject) ? trace.rows.filter(isOfSubject) : named
}
