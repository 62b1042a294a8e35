import type { LimitRow, LimitsAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { count, counted, duration } from '../say/figures.js'

/** More rows are a list of its own: `hotpath limits`. */
const mostRows = 20
const mostKeys = 3

/**
 * What limits, throttles, concurrency and shedding did: nothing at all where no route has any.
 *
 * @param of One route alone.
 */
export function LimitsCard({
  place,
  of,
}: {
  place: Place
  of?: { readonly route: string; readonly service: string | null }
}) {
  const { answer } = useAnswer<LimitsAnswer>(questionOf(place, 'limits'))
  const rows = (answer?.routes ?? []).filter(
    ({ route, service }) =>
      of === undefined || (route === of.route && (of.service ?? service) === service),
  )
  if (rows.length === 0) return null
  const refused = rows.reduce((sum, row) => sum + row.refused, 0)
  return (
    <section class="card limits" aria-labelledby="limits-title">
      <div class="head">
        <h2 id="limits-title">Limits</h2>
        <span class="muted">{refused === 0 ? 'nothing refused' : `${count(refused)} refused`}</span>
      </div>
      <ul data-hold>
        {rows.slice(0, mostRows).map(row => (
          <Limited key={`${row.service} ${row.route}`} row={row} named={of === undefined} />
        ))}
      </ul>
    </section>
  )
}

function Limited({ row, named }: { row: LimitRow; named: boolean }) {
  const { route, service, allowed, delayed, averageDelayMs, refused, refusedBy, keys } = row
  const all = allowed + refused
  return (
    <li>
      {named && (
        <div class="cut">
          {route === '*' ? (
            <span class="strong">all routes</span>
          ) : (
            <a class="link strong" href={linkTo('/routes', { route, of: service })}>
              {route}
            </a>
          )}
          <div class="muted small cut">{service}</div>
        </div>
      )}
      <dl>
        <Figure title="Allowed" text={allowed > 0 ? count(allowed) : '–'} />
        {averageDelayMs !== null && (
          <Figure title="Delayed" text={`${count(delayed)}, by ${duration(averageDelayMs)}`} />
        )}
        <Figure title="Refused" text={count(refused)} tone={refused > 0 ? 'bad' : ''} />
        {row.shadowRefused > 0 && (
          <Figure title="Would be refused" text={count(row.shadowRefused)} />
        )}
      </dl>
      <div class="small muted">
        {allowed > 0 && refused > 0 && (
          <span class="scale" aria-hidden="true">
            <i style={{ width: `${(refused / all) * 100}%` }} />
          </span>
        )}
        <div>
          {refusedBy
            .map(
              ({ policy, reason, count: n }) =>
                `${[policy, reason].filter(Boolean).join(': ')} ${count(n)}`,
            )
            .join(', ')}
        </div>
        {keys.length > 0 && (
          <div title="Hashes of their keys, which hold within one process">
            most:{' '}
            {keys
              .slice(0, mostKeys)
              .map(key => `${key.key} ${count(key.refused)}`)
              .join(', ')}
          </div>
        )}
        {row.alone > 0 && (
          <div class="bad">{counted(row.alone, 'decision', 'decisions')} without the store</div>
        )}
      </div>
    </li>
  )
}

/** Figures of a kind stand below one another. */
const places = ['Allowed', 'Delayed', 'Refused', 'Would be refused']

function Figure({ title, text, tone = '' }: { title: string; text: string; tone?: string }) {
  return (
    <div style={{ '--place': places.indexOf(title) + 1 }}>
      <dt class="muted small">{title}</dt>
      <dd class={tone}>{text}</dd>
    </div>
  )
}
