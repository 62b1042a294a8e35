import type { FindingsAnswer } from '../../src/api/answers.js'
import { linkTo } from '../place/place.js'
import { counted, duration, percent } from '../say/figures.js'

/** Below this part a finding has no stretch of its own in the bar: it would be a hair. */
const seen = 0.01

/** All time of all requests, split by finding; time without one is hatched. */
export function TimeBar({ answer }: { answer: FindingsAnswer }) {
  const total = Math.max(1, answer.totalMs)
  const sum = answer.findings.reduce((ms, { cost }) => ms + cost.totalMs, 0)
  // Findings overlap where calls run at a time; together they are then more than all the time.
  const scale = sum > total ? total / sum : 1
  const all = answer.findings.map((finding, i) => ({
    finding,
    rank: i + 1,
    part: (finding.cost.totalMs / total) * scale,
  }))
  const parts = all.filter(({ part }) => part >= seen)
  const small = all.filter(({ part }) => part < seen)
  const smallPart = small.reduce((part, one) => part + one.part, 0)
  const rest = 1 - all.reduce((part, one) => part + one.part, 0)
  return (
    <ul class="time-bar" aria-label="Time of all requests by finding">
      {parts.map(({ finding, rank, part }, i) => (
        <li key={finding.id} style={{ flexGrow: part }}>
          <a
            class={`heat-${Math.min(i, 5)}`}
            href={linkTo(`/findings/${finding.id}`)}
            title={`${finding.title} in ${finding.route}: ${duration(finding.cost.totalMs)}`}
          >
            <span class="mono">{rank}</span>
            <span class="cut what">
              {shortName(finding.kind)} in {finding.route}
            </span>
            <span class="part">{percent(part)}</span>
          </a>
        </li>
      ))}
      {smallPart > 0.002 && (
        <li
          style={{ flexGrow: smallPart }}
          title={`${counted(small.length, 'finding')} under 1 %: ${percent(smallPart)} together`}
        >
          <span class="heat-5" />
        </li>
      )}
      {rest > 0.001 && (
        <li
          style={{ flexGrow: rest }}
          title="No finding explains this time: the routes without one"
        >
          <a class="rest" href={linkTo('/routes', { found: 'none' })}>
            <span class="cut">No finding</span> <span>{percent(rest)}</span>
          </a>
        </li>
      )}
    </ul>
  )
}

/** What a kind of finding is called where there is little room. */
export function shortName(kind: string): string {
  const names: Readonly<Record<string, string>> = {
    'n-plus-one': 'N+1',
    'repeated-statement': 'Repeated query',
    'slow-statement': 'Slow query',
    'starved-pool': 'Waiting for a connection',
  }
  return names[kind] ?? kind.replaceAll('-', ' ')
}
