import type { FindingAnswer, TimelineAnswer, TraceAnswer } from '../../src/api/answers.js'
import type { Finding } from '../../src/model.js'
import { useAnswer } from '../ask/use-answer.js'
import { Share } from '../draw/share.js'
import { useKeys } from '../keys/keys.js'
import { LatencyCard } from '../overview/latency-card.js'
import { change, go, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { Copy, copyText } from '../say/copy.js'
import { count, duration, percent } from '../say/figures.js'
import { Sql } from '../say/sql.js'
import { Panel } from '../state/states.js'
import { Drawn } from './drawn.js'
import { Fixes } from './fixes.js'
import { HistoryCard, StandingChip, StandingLine } from './standing.js'
import { GainCard } from './gain-card.js'
import { StatementFigures } from './statement-figures.js'
import { TraceLinks } from './trace-links.js'
import { useFinding } from './use-finding.js'

/** One finding: what it costs, the evidence drawn, where it is, and what to do. */
export function FindingPage({ place, id }: { place: Place; id: string }) {
  const asked = useFinding(place, id)
  const { answer } = asked
  const shown = answer?.finding.evidence.traces[0]
  useKeys({
    f: () => change({ fix: id }, 'push'),
    t: shown && (() => go(linkTo(`/traces/${shown.traceId}`, { span: shown.spanIds[0] }))),
    c: () => void copyText(`npx hotpath show ${id}`),
  })
  return (
    <Panel asked={asked} rows={12}>
      {answer => <Shown answer={answer} place={place} />}
    </Panel>
  )
}

function Shown({ answer, place }: { answer: FindingAnswer; place: Place }) {
  const { finding, rank, totalMs } = answer
  const { route, subject, where, evidence } = finding
  const [first] = evidence.traces
  const trace = useAnswer<TraceAnswer>(first === undefined ? null : `traces/${first.traceId}`, null)
  // An index is of a table: there is no route to go to, and no time of requests.
  const isOfRoute = finding.about !== 'index'
  const timeline = useAnswer<TimelineAnswer>(
    isOfRoute ? questionOf(place, 'timeline', { route, service: finding.service }) : null,
  )
  const at = where === undefined ? undefined : `${where.file}:${where.line}`
  return (
    <>
      <div class="finding-head">
        {rank !== null && (
          <span class="rank mono" aria-label={`Number ${rank}`}>
            {rank}
          </span>
        )}
        <div>
          <h1>
            {finding.title} <StandingChip finding={finding} />
          </h1>
          <p class="muted">
            {isOfRoute ? (
              <a class="link strong" href={linkTo('/routes', { route, of: finding.service })}>
                {route}
              </a>
            ) : (
              <span class="strong">{route}</span>
            )}{' '}
            · {finding.service}
            {at !== undefined && (
              <>
                {' '}
                · <code class="strong">{at}</code> <Copy text={at} label="Copy" />
              </>
            )}
          </p>
          <StandingLine finding={finding} />
        </div>
      </div>
      <div class="cols finding-cols">
        <div class="stack">
          <section class="card" aria-labelledby="what-to-do">
            <div class="head">
              <h2 id="what-to-do">What to do</h2>
              <span class="muted">nothing of it was tried here</span>
            </div>
            <Fixes fixes={finding.fixes} />
          </section>
          <GainCard gain={finding.gain} />
          <section class="card evidence" aria-labelledby="evidence">
            <div class="head">
              <h2 id="evidence">Evidence</h2>
            </div>
            <ul class="sentences">
              {evidence.sentences.map(sentence => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
            {first !== undefined && (
              <Panel asked={trace} rows={3}>
                {shown => <Drawn trace={shown} spanIds={first.spanIds} subject={subject} />}
              </Panel>
            )}
            <TraceLinks finding={finding} />
          </section>
          {finding.about === 'statement' && (
            <section class="card statement" aria-labelledby="statement">
              <div class="head">
                <h2 id="statement">Statement</h2>
                <span class="grow" />
                <Copy text={subject} label="Copy SQL" />
              </div>
              <Sql text={subject} />
              <StatementFigures finding={finding} place={place} />
            </section>
          )}
        </div>
        {isOfRoute && (
          <div class="stack">
            <CostCard finding={finding} totalMs={totalMs} />
            <LatencyCard asked={timeline} route={route} />
            <HistoryCard events={finding.standing?.history} />
          </div>
        )}
      </div>
    </>
  )
}

function CostCard({ finding, totalMs }: { finding: Finding; totalMs: number }) {
  const { cost, evidence } = finding
  const part = cost.totalMs / Math.max(1, totalMs)
  return (
    <section class="card cost-card" aria-label="Cost">
      <div>
        <span class="big">{percent(part)}</span>
        <Share part={part} />
        <span class="muted small">of the time of all requests, {duration(cost.totalMs)}</span>
      </div>
      <div>
        <span class="big">{duration(cost.msPerRequest)}</span>
        <Share part={cost.share} />
        <span class="muted small">{percent(cost.share)} of a request that shows it</span>
      </div>
      <div>
        <span class="big">{count(evidence.calls)}</span>
        <span class="muted small">{evidence.calls === 1 ? 'call' : 'calls'} in one request</span>
      </div>
    </section>
  )
}
