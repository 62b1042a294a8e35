import type { StatementsAnswer } from '../../src/api/answers.js'
import type { Finding } from '../../src/model.js'
import { useAnswer } from '../ask/use-answer.js'
import type { Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { count, duration, orDash } from '../say/figures.js'

/** How the statement does over all its calls, counted and not sampled. */
export function StatementFigures({ finding, place }: { finding: Finding; place: Place }) {
  const { answer } = useAnswer<StatementsAnswer>(questionOf(place, 'statements'))
  const row = answer?.statements.find(
    ({ statement, service }) => statement === finding.subject && service === finding.service,
  )
  if (row === undefined) return null
  const figures: readonly (readonly [string, string])[] = [
    ['Calls', count(row.count)],
    ['Average', duration(row.averageMs)],
    ['p50', orDash(row.p50Ms)],
    ['p95', orDash(row.p95Ms)],
    ['p99', orDash(row.p99Ms)],
    ['Slowest', orDash(row.maxMs)],
  ]
  return (
    <div class="figures-row inner">
      <dl>
        {figures.map(([title, text]) => (
          <div key={title}>
            <dt class="muted small">{title}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
