import type { TraceAnswer, TraceRow, TracesAnswer } from '../../src/api/answers.js'
import { useAnswer } from '../ask/use-answer.js'
import { hereWith, type Place } from '../place/place.js'
import { questionOf } from '../place/question.js'
import { ofNs } from '../say/figures.js'
import { Nothing, Panel } from '../state/states.js'
import { Table } from '../table/table.js'
import { traceColumns } from '../traces/columns.js'

const keyOf = ({ traceId }: TraceRow): string => traceId

/** The second trace is chosen among those of the same route, the slowest first. */
export function Choose({ first, place }: { first: TraceAnswer; place: Place }) {
  const asked = useAnswer<TracesAnswer>(
    questionOf(place, 'traces', { route: first.route, order: 'slowest', limit: '100' }),
    null,
  )
  return (
    <section class="card">
      <div class="head">
        <h2>
          Choose what to compare with {first.route}, {ofNs(first.durationNs)}
        </h2>
      </div>
      <Panel asked={asked} rows={8}>
        {({ traces }) => {
          const rows = traces.filter(({ traceId }) => traceId !== first.traceId)
          if (rows.length === 0)
            return <Nothing title="No other trace of this route was kept in this time." />
          const longest = rows[0]?.durationMs ?? 1
          return (
            <Table
              caption="Traces to compare with"
              columns={traceColumns(longest, first.services.length > 1)}
              rows={rows}
              keyOf={keyOf}
              hrefOf={row => hereWith({ b: row.traceId })}
            />
          )
        }}
      </Panel>
    </section>
  )
}
