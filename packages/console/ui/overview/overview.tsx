import type { FindingsAnswer, RoutesAnswer, TimelineAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import type { Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { Panel } from '../state/states.js'
import { Headline, Silence } from './headline.js'
import { FindingsList } from './findings-list.js'
import { LatencyCard } from './latency-card.js'
import { Notes } from './notes.js'
import { ProcessesCard } from './processes-card.js'
import { RoutesCard } from './routes-card.js'
import { TimelineCard } from './timeline-card.js'
import { Waiting } from './waiting.js'

/** Home: what costs the most now, what to do about it, and beside it how the API does. */
export function Overview({ place }: { place: Place }) {
  const findings = useAnswer<FindingsAnswer>(questionOf(place, 'findings'))
  const routes = useAnswer<RoutesAnswer>(questionOf(place, 'routes'))
  const timeline = useAnswer<TimelineAnswer>(questionOf(place, 'timeline'))
  // Routes are counted sooner than findings are found: an empty window need not wait for those.
  const { answer: counts } = routes
  if ((findings.answer ?? counts)?.newestMs === null) return <Waiting />
  if (counts !== undefined && !routes.old && counts.routes.length === 0)
    return (
      <>
        <section class="hero" aria-label="What costs the most">
          <div>
            <Silence answer={counts} place={place} />
          </div>
        </section>
        <Notes notes={counts.notes} />
        {counts.services.length > 0 && <ProcessesCard place={place} />}
      </>
    )
  return (
    <>
      <section class="hero" aria-label="What costs the most">
        <Panel asked={findings} rows={3}>
          {answer => <Headline answer={answer} routes={routes.answer} place={place} />}
        </Panel>
      </section>
      {findings.answer !== undefined && <Notes notes={findings.answer.notes} />}
      <div class="cols">
        <section class="card" aria-labelledby="findings-title">
          <FindingsList asked={findings} place={place} />
        </section>
        <div class="stack side">
          <LatencyCard asked={timeline} />
          <RoutesCard asked={routes} />
        </div>
      </div>
      <TimelineCard asked={timeline} title="All requests" />
      <ProcessesCard place={place} />
    </>
  )
}
