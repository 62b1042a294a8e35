import { Comb } from '../draw/comb.js'
import { change } from '../place/place.js'
import { count, ofNs } from '../say/figures.js'
import { Bar } from './bar.js'
import { setCalls, setClosed } from './folds.js'
import type { Scale } from './scale.js'
import { callsAtATime, type Folds, type Line } from './waterfall-rows.js'

/** One line: what it is, the time it took by itself, and its place in the trace. */
export function Row({
  line,
  index,
  selected,
  scale,
  folds,
}: {
  line: Line
  index: number
  selected: boolean
  scale: Scale
  folds: Folds
}) {
  const loop = line.kind === 'span' ? line.row.folded : undefined
  const openable = line.kind === 'span' && (line.parent || loop !== undefined)
  const isOpen =
    line.kind === 'span' && !line.closed && (loop === undefined || folds.opened.has(line.key))
  return (
    <div
      class={`w-row ${loop === undefined ? '' : 'loop'} ${selected ? 'selected' : ''}`}
      role="row"
      id={`line-${line.key}`}
      aria-rowindex={index + 1}
      aria-level={line.depth + 1}
      aria-selected={selected}
      aria-expanded={openable ? isOpen : undefined}
      onClick={() => change({ span: line.key })}
    >
      <div
        class="w-name"
        role="gridcell"
        style={{ paddingLeft: `${16 + Math.min(line.depth, 12) * 14}px` }}
      >
        <Caret line={line} folds={folds} />
        <Name line={line} folds={folds} />
      </div>
      <div class="w-self" role="gridcell">
        {line.kind === 'span' && (loop ? <b>{ofNs(line.row.selfNs)}</b> : ofNs(line.row.selfNs))}
      </div>
      <div class="w-time" role="gridcell">
        <i class={`grid ${scale.gaps.length > 0 ? 'uneven' : ''}`} />
        <Time line={line} scale={scale} />
      </div>
    </div>
  )
}

function Caret({ line, folds }: { line: Line; folds: Folds }) {
  if (line.kind !== 'span' || (!line.parent && line.row.folded === undefined))
    return <span class="caret" />
  const loop = line.row.folded !== undefined
  const open = loop ? folds.opened.has(line.key) : !line.closed
  const toggle = (event: Event): void => {
    event.stopPropagation()
    if (loop) setCalls(folds, line.key, open ? 0 : callsAtATime)
    else setClosed(folds, line.key, open)
  }
  return (
    <button class="caret" tabIndex={-1} aria-label={open ? 'Fold' : 'Unfold'} onClick={toggle}>
      <svg
        width="8"
        height="8"
        viewBox="0 0 8 8"
        class={open ? 'open' : undefined}
        aria-hidden="true"
      >
        <path d="M2 1l4 3-4 3z" />
      </svg>
    </button>
  )
}

function Name({ line, folds }: { line: Line; folds: Folds }) {
  if (line.kind === 'call') return <span class="muted">call {count(line.n)}</span>
  if (line.kind === 'more') {
    const more = Math.min(line.left, callsAtATime)
    return (
      <button
        class="link strong"
        tabIndex={-1}
        onClick={() => setCalls(folds, line.row.spanId, line.shown + callsAtATime)}
      >
        {count(more)} more of {count(line.left)}
      </button>
    )
  }
  const { row } = line
  const failed = row.status === 'error' && <span class="chip bad">failed</span>
  if (row.folded === undefined)
    return (
      <span class="cut" title={row.name}>
        {row.name} {failed} <small class="muted">{besideName(line)}</small>
      </span>
    )
  const { count: calls, order, p50Ns, maxNs } = row.folded
  return (
    <span class="two">
      <span class="cut" title={row.name}>
        <span class="times">×{count(calls)}</span>
        <b>{row.name}</b> {failed}
      </span>
      <small class="muted cut">
        {order === 'sequential' ? 'one after another' : 'several at a time'} · p50 {ofNs(p50Ns)} ·
        max {ofNs(maxNs)}
      </small>
    </span>
  )
}

function besideName(line: Extract<Line, { kind: 'span' }>): string {
  const { attributes, where } = line.row
  const rows = attributes['db.response.returned_rows']
  const status = attributes['http.response.status_code']
  if (typeof rows === 'number') return `${count(rows)} ${rows === 1 ? 'row' : 'rows'}`
  if (line.row.category === 'http' && typeof status === 'number') return String(status)
  if (line.depth > 0 && where !== undefined) return `${where.file}:${where.line}`
  return ''
}

function Time({ line, scale }: { line: Line; scale: Scale }) {
  if (line.kind === 'more') return null
  const { row } = line
  const { offsetNs, durationNs } = line.kind === 'call' ? line : row
  if (line.kind === 'span' && row.folded !== undefined)
    return (
      <Bar
        offsetNs={offsetNs}
        durationNs={durationNs}
        scale={scale}
        row={row}
        label={ofNs(row.folded.sumNs)}
      >
        {(from, to) => (
          <Comb
            calls={row.folded?.calls ?? []}
            from={from}
            to={to}
            at={scale.at}
            fill={`--${row.category}`}
            name={`${count(row.folded?.count ?? 0)} calls, the longest ${ofNs(row.folded?.maxNs ?? 0)}`}
          />
        )}
      </Bar>
    )
  return (
    <Bar
      offsetNs={offsetNs}
      durationNs={durationNs}
      scale={scale}
      row={row}
      label={ofNs(durationNs)}
    />
  )
}
