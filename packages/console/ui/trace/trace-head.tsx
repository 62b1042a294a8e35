import type { TraceAnswer, TracesAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { linkTo, type Place } from '../place/place.js'
import { Copy } from '../say/copy.js'
import { counted, ofNs, shortId } from '../say/figures.js'
import { instantOf, utcOf } from '../say/times.js'
import { StatusChip } from '../traces/status-chip.js'

/** Neighbours are looked for among the slowest of the route, around the trace. */
const searched = 200
const aroundMs = 12 * 3_600_000

export function TraceHead({ answer, place }: { answer: TraceAnswer; place: Place }) {
  const { traceId, route, statusCode, durationNs, startMs, spans, rows } = answer
  const neighbours = useNeighbours(answer)
  const step = (id: string | undefined, words: string) =>
    id === undefined ? (
      <span key={words} class="button" aria-disabled="true">
        {words}
      </span>
    ) : (
      <a key={words} class="button" href={linkTo(`/traces/${id}`)}>
        {words}
      </a>
    )
  return (
    <div class="trace-head">
      <h1>
        <a href={linkTo('/routes', { route, of: rows[0]?.service })}>{route}</a>
      </h1>
      <StatusChip code={statusCode} failed={false} />
      <span class="how-much">{ofNs(durationNs)}</span>
      <span class="muted about">
        {counted(spans, 'span')} in {counted(rows.length, 'row')} ·{' '}
        <time title={utcOf(startMs)}>{instantOf(startMs)}</time> ·{' '}
        <code title={traceId}>{shortId(traceId)}</code>
        {answer.services.length > 1 && ` · ${answer.services.join(', ')}`}
      </span>
      <span class="grow" />
      <span class="steps">
        {step(neighbours.faster, '‹ Faster')}
        {step(neighbours.slower, 'Slower ›')}
        {/* With keys: else the element of one link becomes that of another, under the pointer. */}
        <a
          key="compare"
          class="button"
          href={linkTo('/compare', { a: traceId, b: place.params.get('b') })}
        >
          Compare
        </a>
        <Copy text={traceId} label="Copy id" />
      </span>
    </div>
  )
}

function useNeighbours({ route, startMs, traceId }: TraceAnswer): {
  faster?: string | undefined
  slower?: string | undefined
} {
  const query = new URLSearchParams({
    route,
    order: 'slowest',
    limit: String(searched),
    since: new Date(startMs - aroundMs).toISOString(),
    until: new Date(startMs + aroundMs).toISOString(),
  })
  const { answer } = useAnswer<TracesAnswer>(`traces?${query.toString()}`, null)
  const at = answer?.traces.findIndex(trace => trace.traceId === traceId) ?? -1
  if (answer === undefined || at < 0) return {}
  return { slower: answer.traces[at - 1]?.traceId, faster: answer.traces[at + 1]?.traceId }
}
