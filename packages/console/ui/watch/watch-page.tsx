import type { AlertRow, AlertsAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { Notes } from '../overview/notes.js'
import { linkTo, type Place } from '../place/place.js'
import { Copy } from '../say/copy.js'
import { counted, duration, percent } from '../say/figures.js'
import { agoOf, utcOf } from '../say/times.js'
import { Nothing, Panel } from '../state/states.js'
import { useSteady } from '../table/steady.js'
import { WaitingRows } from '../table/waiting-rows.js'
import { LimitsCard } from './limits-card.js'

const keyOf = ({ rule, service, route }: AlertRow): string => `${rule} ${service} ${route}`

/** The alert rules with their state: what fires, since when, and whether word of it arrived. */
export function WatchPage({ place }: { place: Place }) {
  const asked = useAnswer<AlertsAnswer>('alerts')
  const service = place.params.get('service')
  const mine = asked.answer?.alerts.filter(alert => service === null || alert.service === service)
  const list = useSteady(mine, keyOf, `alerts ${service}`, !asked.old)
  return (
    <>
      <div class="page-head">
        <h1>Watch</h1>
        {asked.answer !== undefined && <Notifiers names={asked.answer.notifiers} />}
      </div>
      {asked.answer !== undefined && <Notes notes={asked.answer.notes} />}
      <section class="card">
        <WaitingRows {...list} noun="alert" />
        <Panel asked={asked} rows={4}>
          {() =>
            list.rows.length === 0 ? (
              <NoRule />
            ) : (
              <ul class="alerts" data-hold>
                {list.rows.map(({ row, gone }) => (
                  <Alert key={keyOf(row)} alert={row} gone={gone} />
                ))}
              </ul>
            )
          }
        </Panel>
      </section>
      <LimitsCard place={place} />
    </>
  )
}

/** A config to begin with, whole: it works as it is, and tells nobody until a notifier is set. */
const example = `// hotpath.console.config.mjs
export default {
  alerts: {
    'slow routes': { route: '*', p95: '1s', for: '5m' },
    'errors': { errors: '2%', for: '2m' },
  },
  notify: {
    team: { slack: () => process.env.SLACK_WEBHOOK },
  },
}
`

function NoRule() {
  return (
    <Nothing title="No rule watches anything yet.">
      <p>
        A rule is a line of the config beside your app: a figure, its bound, and for how long. The
        console reads it when it starts. docs/alerts.md has all of them.
      </p>
      <div class="example">
        <Copy text={example} label="Copy the example" main />
        <pre>{example}</pre>
      </div>
    </Nothing>
  )
}

function Notifiers({ names }: { names: readonly string[] }) {
  return (
    <span class="muted">
      {names.length === 0 ? 'tells nobody: no notifier is set' : `tells ${names.join(', ')}`}
    </span>
  )
}

const chips: Readonly<Record<AlertRow['state'], readonly [string, string]>> = {
  firing: ['bad', 'firing'],
  pending: ['waits', 'pending'],
  resolved: ['good', 'resolved'],
  inactive: ['', 'quiet'],
}

function Alert({ alert, gone }: { alert: AlertRow; gone: boolean }) {
  const [kind, word] = chips[alert.state]
  const say = alert.unit === 'ms' ? duration : percent
  return (
    <li class={gone ? 'gone' : undefined}>
      <span class={`chip ${kind}`}>{word}</span>
      <div class="what">
        <span class="strong">{alert.rule}</span>
        <div class="muted cut">{alert.condition}</div>
      </div>
      <div class="cut">
        {alert.route === null ? (
          <span>{alert.service === '*' ? 'any service' : alert.service}</span>
        ) : (
          <a class="link" href={linkTo('/routes', { route: alert.route, of: alert.service })}>
            {alert.route}
          </a>
        )}
        <div class="muted small">
          {alert.sinceMs === null ? (
            'never fired'
          ) : (
            <time title={utcOf(alert.sinceMs)}>
              {word}, {agoOf(alert.sinceMs)}
            </time>
          )}
        </div>
      </div>
      <Bound alert={alert} say={say} />
      <div class="small deliveries">
        {alert.deliveries.map(({ notifier, state, tries, error }) => (
          <div
            key={notifier}
            class={state === 'delivered' ? 'muted' : 'bad'}
            title={error ?? undefined}
          >
            {notifier}: {state}
            {state !== 'delivered' && `, ${counted(tries, 'try', 'tries')}`}
            {error !== null && <div class="cut">{error}</div>}
          </div>
        ))}
      </div>
    </li>
  )
}

/** The figure against its bound: a tick marks the bound, in the middle. */
function Bound({ alert, say }: { alert: AlertRow; say: (value: number) => string }) {
  const { value, bound } = alert
  const part = value === null || !bound ? 0 : Math.min(1, value / (2 * bound))
  const over = value !== null && bound !== null && value > bound
  return (
    <div class="bound">
      <span>
        <b class={over ? 'bad' : undefined}>{value === null ? 'too few requests' : say(value)}</b>{' '}
        <span class="muted">
          {bound === null ? 'nothing usual known yet' : `bound ${say(bound)}`}
        </span>
      </span>
      <span class="scale" aria-hidden="true">
        <i class={over ? 'over' : undefined} style={{ width: `${part * 100}%` }} />
      </span>
    </div>
  )
}
