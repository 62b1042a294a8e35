import type { FindingsAnswer, TraceAnswer, TracesAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { change, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { duration, percent } from '../say/figures.js'
import { Panel } from '../state/states.js'
import { slowestOf } from './worst-traces.js'

/** What was found in a route; without a finding, where the time of its slowest trace went. */
export function FindingsOf({
  place,
  route,
  service,
}: {
  place: Place
  route: string
  service: string | null
}) {
  const asked = useAnswer<FindingsAnswer>(questionOf(place, 'findings'))
  return (
    <section class="card" aria-label="Findings of this route">
      <div class="head">
        <h2>Findings</h2>
      </div>
      <Panel asked={asked} rows={2}>
        {answer => {
          const found = answer.findings.filter(
            one => one.route === route && (service === null || one.service === service),
          )
          if (found.length === 0) return <Slowest question={slowestOf(place, route, service)} />
          return (
            <ul class="links">
              {found.map(({ id, title, where, cost }) => (
                <li key={id}>
                  <a class="whole" href={linkTo(`/findings/${id}`)}>
                    {title}
                  </a>
                  <code class="muted cut">{where && `${where.file}:${where.line}`}</code>
                  <span class="right">{percent(cost.share)} of a request</span>
                  <button class="button quiet" onClick={() => change({ fix: id }, 'push')}>
                    Fix
                  </button>
                </li>
              ))}
            </ul>
          )
        }}
      </Panel>
    </section>
  )
}

/** The next best thing to a finding: one request, and where its time went. */
function Slowest({ question }: { question: string }) {
  const slowest = useAnswer<TracesAnswer>(question).answer?.traces[0]
  const { answer } = useAnswer<TraceAnswer>(
    slowest === undefined ? null : `traces/${slowest.traceId}`,
    null,
  )
  return (
    <div class="nothing">
      <p class="strong">No finding in this route.</p>
      {slowest !== undefined && (
        <p class="muted">
          {answer === undefined ? 'Its slowest trace takes' : `${answer.verdict} So it is in`}{' '}
          <a class="link strong" href={linkTo(`/traces/${slowest.traceId}`)}>
            {answer === undefined ? '' : 'the slowest trace, of '}
            {duration(slowest.durationMs)}
          </a>
          .
        </p>
      )}
    </div>
  )
}
