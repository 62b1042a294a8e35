import { useMemo } from 'preact/hooks'
import type { FindingsAnswer, RouteRow, RoutesAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { Notes } from '../overview/notes.js'
import { hereWith, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { counted, percent, rate } from '../say/figures.js'
import { EmptyWindow } from '../state/empty-window.js'
import { Nothing, Panel, Skeleton } from '../state/states.js'
import { RankedTable, useRanked } from '../table/ranked.js'
import type { Column } from '../table/table.js'
import { WaitingRows } from '../table/waiting-rows.js'
import { latencyColumns } from './columns.js'

const keyOf = ({ service, route }: Pick<RouteRow, 'service' | 'route'>): string =>
  `${service} ${route}`
const hrefOf = ({ service, route }: RouteRow): string => linkTo('/routes', { route, of: service })

/** All routes, or those without a finding (`found=none`), the one that takes the most time first. */
export function RoutesPage({ place }: { place: Place }) {
  const asked = useAnswer<RoutesAnswer>(questionOf(place, 'routes'))
  const { answer } = asked
  const without = place.params.get('found') === 'none'
  const findings = useAnswer<FindingsAnswer>(without ? questionOf(place, 'findings') : null).answer
  const found = new Set(findings?.findings.map(keyOf))
  const routes = answer?.routes.filter(row => !found.has(keyOf(row)))
  const columns = useMemo(() => columnsFor(answer?.services.length ?? 1), [answer?.services.length])
  const ranked = useRanked(
    without && findings === undefined ? undefined : routes,
    { columns, keyOf, hrefOf, place },
    questionOf(place, 'routes', { found: place.params.get('found') }),
    !asked.old,
  )
  const { list, rows } = ranked
  return (
    <>
      <div class="page-head">
        <h1>Routes</h1>
        {answer !== undefined && <span class="muted">{counted(rows.length, 'route')}</span>}
        {without && (
          <a class="chip hot" href={hereWith({ found: null })}>
            without a finding
            {findings && `: ${percent(rows.reduce((sum, row) => sum + row.share, 0))} of all time`}{' '}
            <span aria-hidden="true">×</span>
            <span class="unseen">show all routes</span>
          </a>
        )}
      </div>
      {answer !== undefined && <Notes notes={answer.notes} />}
      <section class="card">
        <WaitingRows {...list} noun="route" />
        <Panel asked={asked} rows={10}>
          {answer =>
            answer.routes.length === 0 ? (
              <EmptyWindow answer={answer} place={place} />
            ) : without && findings === undefined ? (
              <Skeleton rows={10} />
            ) : rows.length === 0 ? (
              <Nothing title="Every route has a finding." />
            ) : (
              <RankedTable ranked={ranked} caption="Routes" />
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
