import type { RouteRow, RoutesAnswer } from '../../src/api/answers.js'
import type { Asked } from '../ask/use-answer.js'
import { Share } from '../draw/share.js'
import { linkTo } from '../place/place.js'
import { orDash, percent, rate } from '../say/figures.js'
import { Panel } from '../state/states.js'
import { useSteady } from '../table/steady.js'
import { WaitingRows } from '../table/waiting-rows.js'

const shown = 8
const keyOf = ({ service, route }: RouteRow): string => `${service} ${route}`

/** The routes that take the most time; all of them are a click away. */
export function RoutesCard({ asked }: { asked: Asked<RoutesAnswer> }) {
  const { answer } = asked
  const question = `${answer?.service} ${Math.round((answer?.untilMs ?? 0) - (answer?.sinceMs ?? 0))}`
  const list = useSteady(answer?.routes, keyOf, question, true)
  return (
    <section class="card" aria-label="Routes">
      <Panel asked={asked} rows={5}>
        {({ routes }) => (
          <>
            <WaitingRows waiting={0} gone={list.gone} noun="route" renew={list.renew} />
            <table class="rows brief" data-hold>
              <caption class="unseen">Routes by time</caption>
              <thead>
                <tr>
                  <th scope="col">Route</th>
                  <th scope="col" class="right">
                    req/s
                  </th>
                  <th scope="col" class="right">
                    p95
                  </th>
                  <th scope="col" class="right">
                    Time ↓
                  </th>
                </tr>
              </thead>
              <tbody>
                {list.rows.slice(0, shown).map(({ row, gone }) => (
                  <tr key={keyOf(row)} class={gone ? 'gone' : undefined}>
                    <td class="wide card-title">
                      <a
                        class="whole"
                        href={linkTo('/routes', { route: row.route, of: row.service })}
                        title={row.route}
                      >
                        {row.route}
                      </a>
                    </td>
                    <td class="right card-figure" data-title="req/s">
                      {rate(row.rate).replace('/s', '')}
                    </td>
                    <td class="right card-figure" data-title="p95">
                      {orDash(row.p95Ms)}
                    </td>
                    <td class="right card-figure" data-title="Time">
                      <span class="shared">
                        <Share part={row.share} />
                        {percent(row.share)}
                      </span>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {routes.length > shown && (
              <p class="foot small">
                <a class="link muted" href={linkTo('/routes')}>
                  All {routes.length} routes
                </a>
              </p>
            )}
          </>
        )}
      </Panel>
    </section>
  )
}
