import type { PastFinding } from '../../src/api/answers.js'
import type { Finding, StandingEvent } from '../../src/model.js'
import { linkTo } from '../place/place.js'
import { counted } from '../say/figures.js'
import { agoOf, secondOf, utcOf } from '../say/times.js'

/** What a finding is beside open, in a word. */
export function StandingChip({ finding }: { finding: Finding }) {
  const { status, standing } = finding
  if (status === 'regressed') return <span class="chip bad">regressed</span>
  if (status === 'ignored') return <span class="chip">ignored</span>
  if (status === 'fixed') return <span class="chip good">fixed</span>
  return standing?.note === undefined ? null : <span class="chip waits">no longer ignored</span>
}

/** Why, in a sentence; nothing where it is open as any other. */
export function StandingLine({ finding }: { finding: Finding }) {
  const { status, standing } = finding
  if (standing === undefined) return null
  const { reason, until, sinceMs, note } = standing
  return (
    <>
      {status === 'ignored' && (
        <p class="muted">
          Ignored {until === undefined ? 'by a comment at its place' : `until ${until}`}: {reason}
        </p>
      )}
      {status === 'regressed' && (
        <p class="muted">
          It was fixed, and came back{sinceMs === undefined ? '' : ` ${agoOf(sinceMs)}`}.
        </p>
      )}
      {status === 'fixed' && sinceMs !== undefined && (
        <p class="muted">
          Fixed {agoOf(sinceMs)}: it shows in this window, and not in the requests since.
        </p>
      )}
      {note !== undefined && <p class="muted">{note}</p>}
    </>
  )
}

/** What became of a finding so far, the latest first; nothing of one that is new. */
export function HistoryCard({ events = [] }: { events: readonly StandingEvent[] | undefined }) {
  if (events.length === 0) return null
  return (
    <section class="card history" aria-labelledby="history">
      <div class="head">
        <h2 id="history">History</h2>
      </div>
      <ol class="history">
        {events.toReversed().map(({ atMs, what, version, reason }) => (
          <li key={`${atMs}${what}`}>
            <time dateTime={new Date(atMs).toISOString()} title={utcOf(atMs)}>
              {secondOf(atMs)}
            </time>{' '}
            <span class="strong">{what}</span>
            {version !== undefined && <span class="muted"> with version {version}</span>}
            {reason !== undefined && <span class="muted">: {reason}</span>}
          </li>
        ))}
      </ol>
    </section>
  )
}

/** What is ignored, folded. */
export function IgnoredFindings({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return null
  return (
    <details class="apart">
      <summary>{counted(findings.length, 'ignored finding')}</summary>
      <ul>
        {findings.map(({ id, title, route, standing }) => (
          <li key={id}>
            <a href={linkTo(`/findings/${id}`)}>{title}</a> <span class="strong">{route}</span>{' '}
            <span class="muted">
              {standing?.reason}
              {standing?.until !== undefined && ` (until ${standing.until})`}
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}

/** What was fixed, the latest first, folded. */
export function FixedFindings({ findings }: { findings: readonly PastFinding[] }) {
  if (findings.length === 0) return null
  return (
    <details class="apart">
      <summary>{counted(findings.length, 'fixed finding')}</summary>
      <ul>
        {findings.map(({ id, title, route, fixedMs, requests, shows }) => (
          <li key={id}>
            <span class="chip good">fixed</span>{' '}
            {shows ? <a href={linkTo(`/findings/${id}`)}>{title}</a> : title}{' '}
            <span class="strong">{route}</span>{' '}
            <span class="muted">
              {agoOf(fixedMs)}, not in {counted(requests, 'request')} since
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}
