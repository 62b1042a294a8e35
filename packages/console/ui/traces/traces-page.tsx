import type { RoutesAnswer, TimelineAnswer, TraceRow, TracesAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import type { Brush } from '../draw/heat.js'
import { Heatmap } from '../draw/heatmap.js'
import { paramsOf } from '../overview/latency-card.js'
import { Notes } from '../overview/notes.js'
import { change, hereWith, linkTo, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { count, counted } from '../say/figures.js'
import { EmptyWindow } from '../state/empty-window.js'
import { Nothing, Panel } from '../state/states.js'
import { useRowKeys } from '../table/row-keys.js'
import { useSteady } from '../table/steady.js'
import { Table } from '../table/table.js'
import { WaitingRows } from '../table/waiting-rows.js'
import { traceColumns } from './columns.js'
import { Filters } from './filters.js'

const keyOf = ({ traceId }: TraceRow): string => traceId
const hrefOf = ({ traceId }: TraceRow): string => linkTo(`/traces/${traceId}`)
const pageSize = 100
const mostTraces = 1_000

/** Kept traces, searched by route, time, duration and status; a part of the heatmap is a search too. */
export function TracesPage({ place }: { place: Place }) {
  const { params } = place
  const route = params.get('route')
  const question = questionOfTraces(place)
  const asked = useAnswer<TracesAnswer>(question)
  const timeline = useAnswer<TimelineAnswer>(questionOf(place, 'timeline', { route }))
  const routes = useAnswer<RoutesAnswer>(questionOf(place, 'routes'))
  const list = useSteady(asked.answer?.traces, keyOf, question, !asked.old)
  const rows = list.rows.map(({ row }) => row)
  const limit = limitOf(place)
  const longest = rows.reduce((most, row) => Math.max(most, row.durationMs), 0)
  const several = (asked.answer?.services.length ?? 1) > 1
  useRowKeys({ rows, keyOf, hrefOf, place })
  return (
    <>
      <div class="page-head">
        <h1>Traces</h1>
        {asked.answer !== undefined && (
          <span class="muted">
            {rows.length >= limit
              ? `${count(rows.length)} shown, there are more: narrow the filter`
              : `${count(rows.length)} ${rows.length === 1 ? 'fits' : 'fit'}, of ${counted(asked.answer.requests, 'request')}; kept traces are a sample`}
          </span>
        )}
      </div>
      <Filters place={place} routes={routes.answer?.routes.map(row => row.route) ?? []} />
      {asked.answer !== undefined && <Notes notes={asked.answer.notes} />}
      <section class="card map" aria-label="Latency">
        <Panel asked={timeline} rows={5}>
          {answer => (
            <Heatmap
              answer={answer}
              brush={brushIn(params)}
              onBrush={brush => change({ ...paramsOf(brush), sel: null, limit: null }, 'push')}
            />
          )}
        </Panel>
      </section>
      <section class="card">
        <WaitingRows waiting={list.waiting} noun="trace" renew={list.renew} />
        <Panel asked={asked} rows={10}>
          {answer =>
            answer.services.length === 0 && !params.has('from') ? (
              <EmptyWindow answer={answer} place={place} />
            ) : rows.length === 0 ? (
              <Nothing title="No kept trace is like this.">
                Traces are kept by worth: slow and failed ones first, and a fair share of the
                others.
              </Nothing>
            ) : (
              <Table
                caption="Traces"
                columns={traceColumns(longest, several)}
                rows={rows}
                keyOf={keyOf}
                hrefOf={hrefOf}
                selected={params.get('sel')}
              />
            )
          }
        </Panel>
        {rows.length >= limit && limit < mostTraces && (
          <p class="foot">
            <a
              class="link strong"
              href={hereWith({ limit: String(Math.min(mostTraces, limit * 3)) })}
            >
              Show more
            </a>
          </p>
        )}
      </section>
    </>
  )
}

const limitOf = ({ params }: Place): number => Number(params.get('limit') ?? pageSize) || pageSize

/** `from` and `to` are a part of the window: a brush leaves the heatmap as it is. */
function questionOfTraces(place: Place): string {
  const { params } = place
  const more = Object.fromEntries(
    ['route', 'min', 'max', 'status', 'order'].map(name => [name, params.get(name)]),
  )
  const [from, to] = [params.get('from'), params.get('to')]
  return questionOf(place, 'traces', {
    ...more,
    limit: String(limitOf(place)),
    ...(from === null ? {} : { since: from }),
    ...(to === null ? {} : { until: to }),
  })
}

function brushIn(params: URLSearchParams): Brush | undefined {
  const [from, to] = [params.get('from'), params.get('to')]
  if (from === null || to === null) return undefined
  const max = params.get('max')
  return {
    fromMs: Date.parse(from),
    toMs: Date.parse(to),
    minMs: Number(params.get('min') ?? 0),
    maxMs: max === null ? null : Number(max),
  }
}
