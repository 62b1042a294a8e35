import type {
  FindingsAnswer,
  RoutesAnswer,
  TimelineAnswer,
  TracesAnswer,
} from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { findingsEveryMs } from '../frame/header.js'
import { LatencyCard } from '../overview/latency-card.js'
import { TimelineCard } from '../overview/timeline-card.js'
import { change, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { count, duration, orDash, percent, rate } from '../say/figures.js'
import { secondOf, utcOf } from '../say/times.js'
import { Nothing, Panel } from '../state/states.js'

/** One route: its figures, its course, what was found in it, and its slowest traces. */
export function RoutePage({ place, route }: { place: Place; route: string }) {
  const routes = useAnswer<RoutesAnswer>(questionOf(place, 'routes'))
  const timeline = useAnswer<TimelineAnswer>(questionOf(place, 'timeline', { route }))
  const row = routes.answer?.routes.find(one => one.route === route)
  const figure = (title: string, text: string, bad = false) => (
    <div key={title}>
      <dt class="muted small">{title}</dt>
      <dd class={bad ? 'bad' : undefined}>{text}</dd>
    </div>
  )
  return (
    <>
      <div class="page-head">
        <a class="muted link" href={linkTo('/routes')}>
          Routes
        </a>
        <h1>{route}</h1>
        <span class="grow" />
        <a class="button" href={linkTo('/traces', { route })}>
          Traces
        </a>
      </div>
      <section class="card figures-row" aria-label="Figures">
        <Panel asked={routes} rows={1}>
          {() =>
            row === undefined ? (
              <Nothing title="No request of this route in this time." />
            ) : (
              <dl>
                {figure('Share of all time', percent(row.share))}
                {figure('Requests', count(row.count))}
                {figure('Rate', rate(row.rate))}
                {figure('Errors', percent(row.errors / Math.max(1, row.count)), row.errors > 0)}
                {figure('Average', duration(row.averageMs))}
                {figure('p50', orDash(row.p50Ms))}
                {figure('p95', orDash(row.p95Ms))}
                {figure('p99', orDash(row.p99Ms))}
                {figure('Slowest', orDash(row.maxMs))}
              </dl>
            )
          }
        </Panel>
      </section>
      <div class="cols route-cols">
        <div class="stack">
          <FindingsOf place={place} route={route} />
          <WorstTraces place={place} route={route} />
        </div>
        <LatencyCard asked={timeline} route={route} />
      </div>
      <TimelineCard asked={timeline} title={route} />
    </>
  )
}

function FindingsOf({ place, route }: { place: Place; route: string }) {
  const asked = useAnswer<FindingsAnswer>(questionOf(place, 'findings'), findingsEveryMs)
  return (
    <section class="card" aria-label="Findings of this route">
      <div class="head">
        <h2>Findings</h2>
      </div>
      <Panel asked={asked} rows={2}>
        {answer => {
          const found = answer.findings.filter(finding => finding.route === route)
          if (found.length === 0) return <Nothing title="No finding in this route." />
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

function WorstTraces({ place, route }: { place: Place; route: string }) {
  const asked = useAnswer<TracesAnswer>(
    questionOf(place, 'traces', { route, order: 'slowest', limit: '8' }),
  )
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
