import type { TraceRow } from '../../src/api/answers.js'
import { count, duration, shortId } from '../say/figures.js'
import { secondOf, utcOf } from '../say/times.js'
import type { Column } from '../table/table.js'
import { StatusChip } from './status-chip.js'

export function traceColumns(longestMs: number, several: boolean): Column<TraceRow>[] {
  return [
    { key: 'route', title: 'Route', card: 'title', cell: row => row.route, width: '26%' },
    {
      key: 'duration',
      title: 'Duration',
      card: 'figure',
      cell: row => (
        <span class="how-long">
          <span class="length">
            <i style={{ width: `${(row.durationMs / Math.max(1, longestMs)) * 100}%` }} />
          </span>
          <b>{duration(row.durationMs)}</b>
        </span>
      ),
      width: '26%',
    },
    {
      key: 'status',
      title: 'Status',
      cell: row => <StatusChip code={row.statusCode} failed={row.status === 'error'} />,
    },
    {
      key: 'spans',
      title: 'Spans',
      align: 'right',
      cell: row => count(row.spans),
    },
    ...(several
      ? [
          {
            key: 'services',
            title: 'Services',
            card: 'none' as const,
            cell: (row: TraceRow) => <span class="muted">{row.services.join(', ')}</span>,
          },
        ]
      : []),
    {
      key: 'start',
      title: 'Time',
      align: 'right',
      cell: row => <span title={utcOf(row.startMs)}>{secondOf(row.startMs)}</span>,
    },
    {
      key: 'id',
      title: 'Trace',
      align: 'right',
      card: 'none',
      cell: row => <code class="muted">{shortId(row.traceId)}</code>,
    },
  ]
}
