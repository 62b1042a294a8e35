import type { PastFinding } from '../../src/api/answers.js'
import type { Finding } from '../../src/model.js'
import { linkTo } from '../place/place.js'
import { counted } from '../say/figures.js'
import { agoOf } from '../say/times.js'

/** What a finding is beside open, in a word. */
export function StandingChip({ finding }: { finding: Finding }) {
  const { status, standing } = finding
  if (status === 'regressed') return <span class="chip bad">regressed</span>
  if (status === 'ignored') return <span class="chip">ignored</span>
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
      {status === 'regressed' && sinceMs !== undefined && (
        <p class="muted">It was fixed, and came back {agoOf(sinceMs)}.</p>
      )}
      {note !== undefined && <p class="muted">{note}</p>}
    </>
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
        {findings.map(({ id, title, route, fixedMs, requests }) => (
          <li key={id}>
            <span class="chip good">fixed</span> {title} <span class="strong">{route}</span>{' '}
            <span class="muted">
              {agoOf(fixedMs)}, not in {counted(requests, 'request')} since
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}
