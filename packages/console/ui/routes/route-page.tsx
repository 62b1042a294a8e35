import type { RoutesAnswer, TimelineAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { LatencyCard } from '../overview/latency-card.js'
import { TimelineCard } from '../overview/timeline-card.js'
import { linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { count, duration, orDash, percent, rate } from '../say/figures.js'
import { LimitsCard } from '../watch/limits-card.js'
import { EmptyWindow } from '../state/empty-window.js'
import { Panel } from '../state/states.js'
import { FindingsOf } from './findings-of.js'
import { WorstTraces } from './worst-traces.js'

/**
 * One route: its figures, its course, what was found in it, and its slowest traces. `of` names its
 * service, and leaves the filter of services as it is.
 */
export function RoutePage({ place, route }: { place: Place; route: string }) {
  const routes = useAnswer<RoutesAnswer>(questionOf(place, 'routes'))
  const service = place.params.get('of') ?? place.params.get('service')
  const timeline = useAnswer<TimelineAnswer>(questionOf(place, 'timeline', { route, service }))
  const row = routes.answer?.routes.find(
    one => one.route === route && (service === null || one.service === service),
  )
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
        {service !== null && <span class="muted">{service}</span>}
        <span class="grow" />
        <a class="button" href={linkTo('/traces', { route })}>
          Traces
        </a>
      </div>
      <section class="card figures-row" aria-label="Figures">
        <Panel asked={routes} rows={1}>
          {answer =>
            row === undefined ? (
              <EmptyWindow answer={answer} place={place} />
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
          <FindingsOf place={place} route={route} service={service} />
          <WorstTraces place={place} route={route} service={service} />
        </div>
        <LatencyCard asked={timeline} route={route} />
      </div>
      <TimelineCard asked={timeline} title={route} />
      <LimitsCard place={place} of={{ route, service }} />
    </>
  )
}
