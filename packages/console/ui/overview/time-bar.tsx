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
    'background-work': 'Work that can wait',
    cacheable: 'Could be cached',
    'blocked-event-loop': 'Blocked event loop',
    'chatty-transaction': 'Transaction held open',
    'connection-churn': 'New connections',
    'connection-leak': 'Lost connection',
    'error-spike': 'More failures',
    'large-payload': 'Large answer',
    'large-result': 'Large result',
    'latency-regression': 'Slower than before',
    'missing-index': 'No index',
    'n-plus-one': 'N+1',
    'n-plus-one-calls': 'Calls in a loop',
    'over-fetch': 'Fields not asked for',
    'over-select': 'Unused columns',
    'redundant-index': 'Redundant index',
    'repeated-statement': 'Repeated query',
    'sequential-calls': 'Calls in turn',
    'sequential-statements': 'Queries in turn',
    'slow-call': 'Slow call',
    'slow-serialisation': 'Slow to write',
    'slow-statement': 'Slow query',
    'starved-pool': 'Waiting for a connection',
    'unbounded-list': 'List without a limit',
    uncompressed: 'Not compressed',
    'unused-index': 'Unused index',
    'wide-response': 'Wide answer',
  }
  return names[kind] ?? kind.replaceAll('-', ' ')
}
