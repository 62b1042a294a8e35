import type { FindingsAnswer, RoutesAnswer, WindowAnswer } from '../../src/api/answers.js'
import type { Finding } from '../../src/model.js'
import { verdictOf } from '../../src/predict/verdict.js'
import { change, linkTo, type Place } from '../place/place.js'
import { counted, duration, percent } from '../say/figures.js'
import { Elsewhere, emptyTitle } from '../state/empty-window.js'
import { TimeBar } from './time-bar.js'

/** One sentence: what would gain the most; below it what to do, and where all the time went. */
export function Headline({
  answer,
  routes,
  place,
}: {
  answer: FindingsAnswer
  routes: RoutesAnswer | undefined
  place: Place
}) {
  const [top] = answer.findings
  if (answer.requests === 0) return <Silence answer={answer} place={place} />
  if (top === undefined) return <AllWell answer={answer} routes={routes} />
  const several = answer.service === null && answer.services.length > 1
  const explained = answer.findings.reduce((sum, { cost }) => sum + cost.totalMs, 0)
  const part = Math.min(1, explained / Math.max(1, answer.totalMs))
  return (
    <>
      <div class="words">
        <Sentence finding={top} of={several ? ` of ${top.service}` : ''} totalMs={answer.totalMs} />
        <p class="lead muted">
          <Advice finding={top} />
        </p>
      </div>
      <button class="button main" onClick={() => change({ fix: top.id }, 'push')}>
        Show the fix <span class="kbd">F</span>
      </button>
      <p class="muted sum">
        {answer.service ?? 'Your API'} spent <span class="strong">{duration(answer.totalMs)}</span>{' '}
        answering {counted(answer.requests, 'request')}. {percent(part)} of that time has a known
        cause:
      </p>
      <TimeBar answer={answer} />
    </>
  )
}

/** What its fix would gain, where that is predicted; else what it costs. */
function Sentence({
  finding,
  of,
  totalMs,
}: {
  finding: Finding
  of: string
  /** Of all requests in the window. */
  totalMs: number
}) {
  const { route, title } = finding
  if (finding.about === 'index')
    return (
      <h1>
        {title} of <b>{route}</b>
      </h1>
    )
  const verdict = verdictOf(finding)
  // Its share of one request would be untrue of a route that shows it only now and then.
  if (verdict === undefined)
    return (
      <h1>
        <b>{route}</b>
        {of}: {withSmallInitial(title)}, {percent(finding.cost.totalMs / Math.max(1, totalMs))} of
        all request time
      </h1>
    )
  return (
    <h1>
      {verdict.what} would take <b>{route}</b>
      {of} from {duration(verdict.fromMs)} to {duration(verdict.toMs)} {verdict.at}
    </h1>
  )
}

function Advice({ finding }: { finding: Finding }) {
  const [fix] = finding.fixes
  return (
    <>
      {finding.where !== undefined && (
        <>
          {finding.title} at{' '}
          <code class="strong">
            {finding.where.file}:{finding.where.line}
          </code>
          .{' '}
        </>
      )}
      {fix !== undefined && (
        <>
          What to do: <span class="strong">{withSmallInitial(fix.title)}</span>.
        </>
      )}
    </>
  )
}

function AllWell({ answer, routes }: { answer: FindingsAnswer; routes: RoutesAnswer | undefined }) {
  const slowest = routes?.routes
    .filter(({ p95Ms }) => p95Ms !== null)
    .toSorted((a, b) => (b.p95Ms ?? 0) - (a.p95Ms ?? 0))[0]
  return (
    <div class="words">
      <h1>Nothing above 1 % in {counted(answer.requests, 'request')}</h1>
      {slowest !== undefined && (
        <p class="lead muted">
          The slowest route is{' '}
          <a class="link strong" href={linkTo('/routes', { route: slowest.route })}>
            {slowest.route}
          </a>
          : {duration(slowest.p95Ms ?? 0)} at p95.
        </p>
      )}
    </div>
  )
}

/** No request in the window, though there were some at another time. */
export function Silence({ answer, place }: { answer: WindowAnswer; place: Place }) {
  return (
    <div class="words">
      <h1>{emptyTitle(place)}</h1>
      <p class="lead muted">
        <Elsewhere answer={answer} place={place} />
      </p>
    </div>
  )
}

const withSmallInitial = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? (text[0] ?? '').toLowerCase() + text.slice(1) : text
