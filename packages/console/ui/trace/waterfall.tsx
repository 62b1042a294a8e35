import { useEffect, useMemo } from 'preact/hooks'
import type { TraceAnswer } from '../../src/api/answers.js'
import { change, hereWith, type Place } from '../place/place.js'
import { count, counted } from '../say/figures.js'
import { useVirtual } from '../table/virtual.js'
import { Axis } from './axis.js'
import type { Zoom } from './folds.js'
import { Legend } from './legend.js'
import { GapStrips } from './gaps.js'
import { Minimap } from './minimap.js'
import { Row } from './row.js'
import { scaleOf } from './scale.js'
import { type Folds, heightOf, type Line, matchesIn } from './waterfall-rows.js'

/** The trace over time, line by line; of thousands of lines those in view exist. */
export function Waterfall({
  answer,
  lines,
  at,
  zoom,
  folds,
  place,
}: {
  answer: TraceAnswer
  lines: readonly Line[]
  at: number
  zoom: Zoom
  folds: Folds
  place: Place
}) {
  const tops = useMemo(() => topsOf(lines), [lines])
  const { ref, slice, show } = useVirtual<HTMLDivElement>(tops)
  const chosen = place.params.get('span')
  useEffect(() => {
    if (chosen !== null && at >= 0) show(at)
  }, [chosen])
  const expanded = place.params.get('expand') === '1'
  const selected = lines[at]
  const unfolded = place.params.get('gaps') === '1'
  const scale = useMemo(
    () => scaleOf(zoom, unfolded ? [] : answer.gaps),
    [answer, zoom.from, zoom.to, unfolded],
  )
  const matches = useMemo(() => matchesIn(answer.rows, folds.find), [answer, folds.find])
  return (
    <section class="card waterfall" aria-label="Waterfall">
      <Legend place={place} folds={folds} scale={scale} />
      <div class="w-row w-map">
        <div class="w-name">
          <span class="strong">{counted(answer.spans, 'span')}</span>{' '}
          <span class="muted">in {counted(answer.rows.length, 'row')}</span>
          {matches !== undefined && (
            <span role="status">
              , <span class="strong">{count(matches)}</span> like it
            </span>
          )}
          <br />
          <span class="muted small">drag to zoom, double click to reset</span>
        </div>
        <Minimap answer={answer} zoom={zoom} />
      </div>
      <Axis scale={scale} />
      <div
        class="w-body"
        role="treegrid"
        aria-label={`Spans of ${answer.route}`}
        aria-rowcount={lines.length}
        aria-activedescendant={selected === undefined ? undefined : `line-${selected.key}`}
        tabIndex={0}
        ref={ref}
      >
        <div style={{ height: `${slice.before}px` }} />
        {lines.slice(slice.first, slice.end).map((line, i) => (
          <Row
            key={line.key}
            line={line}
            index={slice.first + i}
            selected={slice.first + i === at}
            scale={scale}
            folds={folds}
          />
        ))}
        <div style={{ height: `${slice.after}px` }} />
        <GapStrips gaps={scale.gaps} />
        {lines.length === 0 && (
          <p class="nothing muted">
            No span is like this.{' '}
            <a class="link strong" href={hereWith({ q: null, critical: null })}>
              Show all
            </a>
          </p>
        )}
      </div>
      <p class="keys muted small">
        <span>
          <span class="kbd">J</span> <span class="kbd">K</span> span
        </span>
        <span>
          <span class="kbd">←</span> <span class="kbd">→</span> fold
        </span>
        <button class="link" onClick={() => change({ critical: folds.criticalOnly ? null : '1' })}>
          <span class="kbd">P</span> {folds.criticalOnly ? 'all spans' : 'critical path only'}
        </button>
        <button class="link" onClick={() => change({ expand: expanded ? null : '1', calls: null })}>
          <span class="kbd">E</span>{' '}
          {expanded
            ? `fold loops, now ${counted(answer.rows.length, 'row')}`
            : `all ${counted(answer.spans, 'span')}, now ${counted(answer.rows.length, 'row')}`}
        </button>
        <span>
          <span class="kbd">Z</span> zoom to span
        </span>
        <span class="grow" />
        <span>pale: off the critical path</span>
      </p>
    </section>
  )
}

function topsOf(lines: readonly Line[]): number[] {
  const tops = [0]
  let top = 0
  for (const line of lines) tops.push((top += heightOf(line)))
  return tops
}
