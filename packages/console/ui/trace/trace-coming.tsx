import type { TraceRow, TracesAnswer } from '../../src/api/answers.js'
import { remembered } from '../ask/use-answer.js'
import { counted, duration, shortId } from '../say/figures.js'
import { instantOf, utcOf } from '../say/times.js'
import { Skeleton } from '../state/states.js'
import { StatusChip } from '../traces/status-chip.js'

/** A trace that is on its way: what the list that it was opened from knows of it stands there at once. */
export function TraceComing({ id }: { id: string }) {
  const row = rowOf(id)
  return (
    <>
      <div class="trace-head">
        <h1>{row?.route ?? `Trace ${shortId(id)}`}</h1>
        {row !== undefined && (
          <>
            <StatusChip code={row.statusCode} failed={row.status === 'error'} />
            <span class="how-much">{duration(row.durationMs)}</span>
            <span class="muted about">
              {counted(row.spans, 'span')} ·{' '}
              <time title={utcOf(row.startMs)}>{instantOf(row.startMs)}</time> ·{' '}
              <code>{shortId(id)}</code>
            </span>
          </>
        )}
      </div>
      <section class="card" aria-label="Waterfall">
        <Skeleton rows={12} />
      </section>
    </>
  )
}

function rowOf(id: string): TraceRow | undefined {
  for (const { traces } of remembered<TracesAnswer>(/^traces\?/)) {
    const row = traces.find(({ traceId }) => traceId === id)
    if (row !== undefined) return row
  }
  return undefined
}
