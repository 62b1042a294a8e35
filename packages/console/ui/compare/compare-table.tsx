import { useMemo } from 'preact/hooks'
import type { CompareAnswer, CompareRow, CompareSide } from '../../src/api/answers.js'
import { count, ofNs } from '../say/figures.js'
import { evenTops, useVirtual } from '../table/virtual.js'

const height = 36

/** Spans of the same path and name beside each other, with what each trace spent on them. */
export function CompareTable({ answer }: { answer: CompareAnswer }) {
  const { rows } = answer
  const tops = useMemo(() => evenTops(rows.length, height), [rows.length])
  const { ref, slice } = useVirtual<HTMLTableSectionElement>(tops)
  const most = Math.max(1, answer.a.durationNs, answer.b.durationNs)
  return (
    <table class="rows compare" aria-rowcount={rows.length + 1}>
      <caption class="unseen">Spans of both traces</caption>
      <thead>
        <tr>
          <th scope="col">Span</th>
          <th scope="col">A</th>
          <th scope="col">B</th>
          <th scope="col" class="right">
            Difference
          </th>
        </tr>
      </thead>
      <tbody ref={ref}>
        <Space height={slice.before} />
        {rows.slice(slice.first, slice.end).map((row, i) => (
          <tr key={slice.first + i} aria-rowindex={slice.first + i + 2}>
            <td
              class="card-title"
              style={{ paddingLeft: `${16 + Math.min(10, row.depth) * 14}px` }}
            >
              <span class="cut" title={row.name}>
                <i class={`swatch fill-${row.category}`} />
                {row.name}
              </span>
            </td>
            <td data-title="A">
              <Side side={row.a} most={most} category={row.category} />
            </td>
            <td data-title="B">
              <Side side={row.b} most={most} category={row.category} />
            </td>
            <td class="right" data-title="Difference">
              <Difference row={row} most={most} />
            </td>
          </tr>
        ))}
        <Space height={slice.after} />
      </tbody>
    </table>
  )
}

function Side({
  side,
  most,
  category,
}: {
  side: CompareSide | null
  most: number
  category: string
}) {
  if (side === null) return <span class="muted">not in it</span>
  return (
    <span class="one-side">
      <span class="length">
        <i
          class={`fill-${category}`}
          style={{ width: `${Math.min(1, side.sumNs / most) * 100}%` }}
        />
      </span>
      <span>{ofNs(side.sumNs)}</span>
      <span class="muted small">{side.count > 1 ? `×${count(side.count)}` : ''}</span>
    </span>
  )
}

/** Below a hundredth of the longer trace a difference is noise. */
const telling = 0.01

function Difference({ row, most }: { row: CompareRow; most: number }) {
  const by = (row.b?.sumNs ?? 0) - (row.a?.sumNs ?? 0)
  const text = `${by > 0 ? '+' : '−'}${ofNs(Math.abs(by))}`
  if (Math.abs(by) < most * telling) return <span class="muted">{by === 0 ? '0' : text}</span>
  return <b class={by > 0 ? 'bad' : 'better'}>{text}</b>
}

function Space({ height }: { height: number }) {
  return height === 0 ? null : (
    <tr class="space" aria-hidden="true">
      <td style={{ height: `${height}px` }} />
    </tr>
  )
}
