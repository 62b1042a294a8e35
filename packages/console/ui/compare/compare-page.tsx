import type { CompareAnswer, TraceAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { linkTo, type Place } from '../place/place.js'
import { changeOf, counted, ofNs } from '../say/figures.js'
import { instantOf, utcOf } from '../say/times.js'
import { Nothing, Panel } from '../state/states.js'
import { StatusChip } from '../traces/status-chip.js'
import { Choose } from './choose.js'
import { CompareTable } from './compare-table.js'

/** Two traces side by side: what one did that the other did not, and what took longer. */
export function ComparePage({ place }: { place: Place }) {
  const [a, b] = [place.params.get('a'), place.params.get('b')]
  return (
    <>
      <div class="page-head">
        <h1>Compare two traces</h1>
      </div>
      {a !== null && b !== null ? (
        <Both key={`${a} ${b}`} a={a} b={b} />
      ) : a !== null ? (
        <Second a={a} place={place} />
      ) : (
        <div class="card">
          <Nothing title="Open a trace and choose Compare.">
            <a class="link strong" href={linkTo('/traces')}>
              Go to the traces
            </a>
          </Nothing>
        </div>
      )}
    </>
  )
}

function Both({ a, b }: { a: string; b: string }) {
  const query = new URLSearchParams({ a, b })
  const asked = useAnswer<CompareAnswer>(`compare?${query.toString()}`, null)
  return (
    <Panel asked={asked} rows={10}>
      {answer => (
        <>
          <section class="card verdict" aria-label="Verdict">
            <p class="said">{answer.verdict}</p>
          </section>
          <div class="sides">
            <Side name="A" head={answer.a} other={linkTo('/compare', { a: answer.b.traceId })} />
            <Side
              name="B"
              head={answer.b}
              change={changeOf(answer.a.durationNs, answer.b.durationNs)}
              other={linkTo('/compare', { a: answer.a.traceId })}
            />
          </div>
          <section class="card">
            <CompareTable answer={answer} />
          </section>
        </>
      )}
    </Panel>
  )
}

function Side({
  name,
  head,
  change = '',
  other,
}: {
  name: string
  head: CompareAnswer['a']
  change?: string
  other: string
}) {
  return (
    <section class={`card side-card side-${name.toLowerCase()}`} aria-label={`Trace ${name}`}>
      <span class="letter mono">{name}</span>
      <div>
        <a class="link strong" href={linkTo(`/traces/${head.traceId}`)}>
          {head.route}
        </a>{' '}
        <StatusChip code={head.statusCode} failed={false} />
        <div class="muted small">
          <time title={utcOf(head.startMs)}>{instantOf(head.startMs)}</time> ·{' '}
          {counted(head.spans, 'span')}
        </div>
      </div>
      <div class="right">
        <span class="big">{ofNs(head.durationNs)}</span>
        <span class="muted small">
          {change !== '' && `${change}${change === 'the same' ? '' : ' than A'} · `}
          <a class="link" href={other}>
            another
          </a>
        </span>
      </div>
    </section>
  )
}

function Second({ a, place }: { a: string; place: Place }) {
  const asked = useAnswer<TraceAnswer>(`traces/${a}`, null)
  return (
    <Panel asked={asked} rows={8}>
      {answer => <Choose first={answer} place={place} />}
    </Panel>
  )
}
