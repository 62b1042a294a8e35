import { useMemo } from 'preact/hooks'
import type { RouteRow, RoutesAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { Notes } from '../overview/notes.js'
import { linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { counted, rate } from '../say/figures.js'
import { Nothing, Panel } from '../state/states.js'
import { useRowKeys } from '../table/row-keys.js'
import { useSteady } from '../table/steady.js'
import { type Column, sortedBy, Table } from '../table/table.js'
import { WaitingRows } from '../table/waiting-rows.js'
import { latencyColumns } from './columns.js'

const keyOf = ({ service, route }: RouteRow): string => `${service} ${route}`
const hrefOf = ({ service, route }: RouteRow): string => linkTo('/routes', { route, service })

/** All routes, the one that takes the most time first. */
export function RoutesPage({ place }: { place: Place }) {
  const asked = useAnswer<RoutesAnswer>(questionOf(place, 'routes'))
  const { answer } = asked
  const columns = useMemo(() => columnsFor(answer?.services.length ?? 1), [answer?.services.length])
  const sort = place.params.get('sort') ?? 'share'
  const list = useSteady(
    answer && sortedBy(answer.routes, columns, sort),
    keyOf,
    questionOf(place, 'routes', { sort }),
    !asked.old,
  )
  const rows = list.rows.map(({ row }) => row)
  const gone = new Set(list.rows.filter(one => one.gone).map(({ row }) => keyOf(row)))
  useRowKeys({ rows, keyOf, hrefOf, place })
  return (
    <>
      <div class="page-head">
        <h1>Routes</h1>
        {answer !== undefined && (
          <span class="muted">{counted(answer.routes.length, 'route')}</span>
        )}
      </div>
      {answer !== undefined && <Notes notes={answer.notes} />}
      <section class="card">
        <WaitingRows waiting={list.waiting} noun="route" renew={list.renew} />
        <Panel asked={asked} rows={10}>
          {() =>
            rows.length === 0 ? (
              <Nothing title="No request in this time." />
            ) : (
              <div class="table-wrap">
                <Table
                  caption="Routes"
                  columns={columns}
                  rows={rows}
                  keyOf={keyOf}
                  hrefOf={hrefOf}
                  sort={sort}
                  gone={row => gone.has(keyOf(row))}
                  selected={place.params.get('sel')}
                />
              </div>
            )
          }
        </Panel>
      </section>
    </>
  )
}

function columnsFor(services: number): Column<RouteRow>[] {
  return [
    {
      key: 'route',
      title: 'Route',
      card: 'title',
      value: row => row.route,
      cell: row => row.route,
      width: '30%',
    },
    ...(services > 1
      ? [
          {
            key: 'service',
            title: 'Service',
            card: 'none' as const,
            value: (row: RouteRow) => row.service,
            cell: (row: RouteRow) => <span class="muted">{row.service}</span>,
          },
        ]
      : []),
    {
      key: 'rate',
      title: 'Rate',
      align: 'right',
      card: 'none',
      value: row => row.rate,
      cell: row => rate(row.rate),
    },
    ...latencyColumns<RouteRow>('Requests'),
  ]
}
