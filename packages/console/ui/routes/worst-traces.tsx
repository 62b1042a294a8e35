import type { TracesAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { count, duration } from '../say/figures.js'
import { secondOf, utcOf } from '../say/times.js'
import { Nothing, Panel } from '../state/states.js'

/** The question for the slowest traces of a route; whoever asks it shares the answer. */
export function slowestOf(place: Place, route: string, service: string | null): string {
  const more = service === null ? {} : { service }
  return questionOf(place, 'traces', { route, order: 'slowest', limit: '8', ...more })
}

export function WorstTraces({
  place,
  route,
  service,
}: {
  place: Place
  route: string
  service: string | null
}) {
  const asked = useAnswer<TracesAnswer>(slowestOf(place, route, service))
  return (
    <section class="card" aria-label="Slowest traces">
      <div class="head">
        <h2>Slowest traces</h2>
        <span class="grow" />
        <a class="link muted small" href={linkTo('/traces', { route, order: 'slowest' })}>
          All traces
        </a>
      </div>
      <Panel asked={asked} rows={4}>
        {({ traces }) => {
          if (traces.length === 0) return <Nothing title="No trace was kept in this time." />
          const most = traces[0]?.durationMs ?? 1
          return (
            <ul class="links traces-brief" data-hold>
              {traces.map(trace => (
                <li key={trace.traceId}>
                  <a
                    class="whole"
                    href={linkTo(`/traces/${trace.traceId}`)}
                    title={utcOf(trace.startMs)}
                  >
                    {secondOf(trace.startMs)}
                  </a>
                  <span class="length">
                    <i style={{ width: `${(trace.durationMs / most) * 100}%` }} />
                  </span>
                  <span class="right">{duration(trace.durationMs)}</span>
                  <span class="right muted">{count(trace.spans)} spans</span>
                </li>
              ))}
            </ul>
          )
        }}
      </Panel>
    </section>
  )
}
