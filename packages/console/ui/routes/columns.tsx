import type { Latency } from '../../src/api/answers.js'
import { Share } from '../draw/share.js'
import { count, duration, orDash, percent } from '../say/figures.js'
import type { Column } from '../table/table.js'

interface Counted extends Latency {
  readonly errors: number
  readonly share: number
  readonly sampled: boolean
}

/** The figures that routes and statements have in common. */
export function latencyColumns<T extends Counted>(noun: string): Column<T>[] {
  return [
    {
      key: 'share',
      title: 'Time',
      align: 'right',
      value: row => row.share,
      cell: row => (
        <span class="shared">
          <Share part={row.share} />
          {percent(row.share)}
        </span>
      ),
    },
    {
      key: 'total',
      title: 'In all',
      align: 'right',
      card: 'none',
      value: row => row.totalMs,
      cell: row => duration(row.totalMs),
    },
    {
      key: 'count',
      title: noun,
      align: 'right',
      value: row => row.count,
      cell: row => (
        <>
          {count(row.count)}
          {row.sampled && <abbr title="Counted from sampled spans only"> *</abbr>}
        </>
      ),
    },
    {
      key: 'errors',
      title: 'Errors',
      align: 'right',
      card: 'none',
      value: row => row.errors,
      cell: row =>
        row.errors === 0 ? (
          <span class="muted">0</span>
        ) : (
          <span class="chip bad">{percent(row.errors / Math.max(1, row.count))}</span>
        ),
    },
    {
      key: 'average',
      title: 'Average',
      align: 'right',
      card: 'none',
      value: row => row.averageMs,
      cell: row => duration(row.averageMs),
    },
    {
      key: 'p50',
      title: 'p50',
      align: 'right',
      value: row => row.p50Ms,
      cell: row => orDash(row.p50Ms),
    },
    {
      key: 'p95',
      title: 'p95',
      align: 'right',
      value: row => row.p95Ms,
      cell: row => orDash(row.p95Ms),
    },
    {
      key: 'p99',
      title: 'p99',
      align: 'right',
      card: 'none',
      value: row => row.p99Ms,
      cell: row => orDash(row.p99Ms),
    },
  ]
}
