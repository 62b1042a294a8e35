import type { ComponentChildren } from 'preact'
import type { TraceRowSpan } from '../../src/api/answers.js'
import type { Scale } from './scale.js'

/**
 * A span in its place, cut to what is shown; its label stands beside it. The critical path is a line
 * below; what is off it is pale with an edge.
 */
export function Bar({
  offsetNs,
  durationNs,
  scale,
  row,
  label,
  children,
}: {
  offsetNs: number
  durationNs: number
  scale: Scale
  row: TraceRowSpan
  label: string
  /** Drawn in its place, given the nanoseconds from and to which it is seen. */
  children?: (from: number, to: number) => ComponentChildren
}) {
  const { zoom, at } = scale
  const from = Math.max(offsetNs, zoom.from)
  const to = Math.min(offsetNs + durationNs, zoom.to)
  if (to < zoom.from || from > zoom.to) return null
  const left = at(from) * 100
  const width = Math.max(0, (at(to) - at(from)) * 100)
  const place = { left: `${left}%`, width: `max(2px, ${width}%)` }
  const pale = row.critical ? '' : 'pale'
  return (
    <>
      {children === undefined ? (
        <i
          class={`bar fill-${row.category} ${pale} ${row.depth === 0 ? 'root' : ''}`}
          style={place}
        />
      ) : (
        <span class="combed" style={place}>
          {children(from, to)}
        </span>
      )}
      {row.critical && <i class="on-path" style={place} />}
      <span class="beside" style={{ left: `calc(${left}% + max(2px, ${width}%) + 6px)` }}>
        {label}
      </span>
    </>
  )
}
