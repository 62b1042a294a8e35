import { useMemo, useRef, useState } from 'preact/hooks'
import type { TimelineAnswer } from '../../src/api/answers.js'
import { color, theme } from '../theme/theme.js'
import { counted, duration } from '../say/figures.js'
import { minuteOf, secondOf } from '../say/times.js'
import { type Brush, boxOf, brushOf, type Cells, cellsOf, clamp, margin } from './heat.js'
import { sinceFirst } from './since-first.js'
import { type Drawing, useCanvas } from './use-canvas.js'

type Corner = readonly [x: number, y: number]

/**
 * Latency over time: each cell counts the requests of one step and one band of duration; all
 * requests, not the sampled ones. Dragging over it names a part of it.
 */
export function Heatmap({
  answer: whole,
  brush,
  onBrush,
}: {
  answer: TimelineAnswer
  brush?: Brush | undefined
  onBrush?: (brush: Brush) => void
}) {
  const answer = useMemo(() => sinceFirst(whole), [whole])
  const cells = useMemo(() => cellsOf(answer), [answer])
  const [drag, setDrag] = useState<readonly [Corner, Corner]>()
  const [at, setAt] = useState<Corner>()
  const started = useRef<Corner>(undefined)
  const ref = useCanvas(
    drawing => {
      paint(drawing, answer, cells)
      if (brush !== undefined) outline(drawing, cornersOf(drawing, answer, cells, brush))
      if (drag !== undefined) outline(drawing, drag)
    },
    [answer, brush?.fromMs, brush?.toMs, brush?.minMs, brush?.maxMs, drag],
  )
  const cornerOf = (event: PointerEvent): Corner => [event.offsetX, event.offsetY]
  const sizeNow = (): { width: number; height: number } => ({
    width: ref.current?.clientWidth ?? 1,
    height: ref.current?.clientHeight ?? 1,
  })
  const end = (event: PointerEvent): void => {
    const from = started.current
    started.current = undefined
    setDrag(undefined)
    setAt(undefined)
    if (from === undefined || onBrush === undefined) return
    onBrush(brushOf(answer, cells, sizeNow(), from, cornerOf(event)))
  }
  return (
    <div class="heatmap" data-hold>
      <canvas
        ref={ref}
        role="img"
        aria-label={summaryOf(answer)}
        class={onBrush === undefined ? undefined : 'brushes'}
        onPointerDown={event => {
          if (event.button !== 0 || onBrush === undefined) return
          event.currentTarget.setPointerCapture(event.pointerId)
          started.current = cornerOf(event)
        }}
        onPointerMove={event => {
          setAt(cornerOf(event))
          if (started.current !== undefined) setDrag([started.current, cornerOf(event)])
        }}
        onPointerUp={end}
        onPointerCancel={() => {
          started.current = undefined
          setDrag(undefined)
        }}
        onPointerLeave={() => setAt(undefined)}
      />
      {at !== undefined && <Tip answer={answer} cells={cells} size={sizeNow()} at={at} />}
    </div>
  )
}

function Tip({
  answer,
  cells,
  size,
  at,
}: {
  answer: TimelineAnswer
  cells: Cells
  size: { width: number; height: number }
  at: Corner
}) {
  const { fromMs, minMs, maxMs } = brushOf(answer, cells, size, at, at)
  const column = answer.points.findIndex(point => point.startMs === fromMs)
  const band = answer.heatmap.fromMs.indexOf(minMs)
  const n = answer.heatmap.counts[column]?.[band] ?? 0
  const left = at[0] > size.width / 2
  return (
    <div
      class="tip"
      style={{
        top: `${at[1] + 12}px`,
        ...(left ? { right: `${size.width - at[0] + 12}px` } : { left: `${at[0] + 12}px` }),
      }}
    >
      <b>{counted(n, 'request')}</b> of {duration(minMs)}
      {maxMs === null ? ' or more' : ` to ${duration(maxMs)}`}
      <br />
      <span class="muted">from {secondOf(fromMs)}</span>
    </div>
  )
}

function paint({ context, width, height }: Drawing, answer: TimelineAnswer, cells: Cells): void {
  const wide = width - margin.left - margin.right
  const high = height - margin.top - margin.bottom
  const bands = cells.high - cells.low + 1
  const [w, h] = [wide / Math.max(1, cells.columns), high / bands]
  context.clearRect(0, 0, width, height)
  grid({ context, width, height }, answer, cells, h)
  const ramp = rampOf(theme())
  answer.heatmap.counts.forEach((column, x) => {
    for (let band = cells.low; band <= cells.high; band++) {
      const n = column[band] ?? 0
      if (n === 0) continue
      // Far from linear: one slow request among a thousand quick ones must be seen.
      const heat = 0.08 + 0.92 * (n / cells.most) ** 0.45
      context.fillStyle = ramp(heat)
      const y = margin.top + high - (band - cells.low + 1) * h
      context.fillRect(margin.left + x * w, y, Math.max(1, w - 0.75), Math.max(1, h - 0.75))
    }
  })
}

function grid(
  { context, width, height }: Drawing,
  answer: TimelineAnswer,
  cells: Cells,
  h: number,
) {
  const bottom = height - margin.bottom
  context.font = '11px Geist, system-ui, sans-serif'
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  answer.heatmap.fromMs.forEach((ms, band) => {
    const decade = Math.abs(Math.log10(ms) - Math.round(Math.log10(ms))) < 1e-6
    if (!decade || band < cells.low || band > cells.high) return
    const y = bottom - (band - cells.low) * h
    context.fillStyle = color('--line')
    context.fillRect(margin.left, y, width - margin.left - margin.right, 1)
    context.fillStyle = color('--muted')
    context.fillText(duration(ms), margin.left - 8, clamp(y, 8, bottom - 2))
  })
  context.textBaseline = 'alphabetic'
  context.fillStyle = color('--muted')
  const { points } = answer
  const labels = Math.max(2, Math.min(5, Math.floor(width / 110)))
  for (let i = 0; i < labels; i++) {
    const at = i / (labels - 1)
    const point = points[Math.round(at * (points.length - 1))]
    if (point === undefined) continue
    context.textAlign = i === 0 ? 'left' : i === labels - 1 ? 'right' : 'center'
    const x = margin.left + at * (width - margin.left - margin.right)
    context.fillText(minuteOf(point.startMs), x, height - 6)
  }
}

function outline({ context }: Drawing, [a, b]: readonly [Corner, Corner]): void {
  context.strokeStyle = color('--ink')
  context.lineWidth = 1.5
  context.strokeRect(
    Math.min(a[0], b[0]),
    Math.min(a[1], b[1]),
    Math.abs(a[0] - b[0]),
    Math.abs(a[1] - b[1]),
  )
}

function cornersOf(
  { width, height }: Drawing,
  answer: TimelineAnswer,
  cells: Cells,
  brush: Brush,
): readonly [Corner, Corner] {
  const box = boxOf(answer, cells, brush)
  const wide = width - margin.left - margin.right
  const high = height - margin.top - margin.bottom
  return [
    [margin.left + box.left * wide, margin.top + (1 - box.top) * high],
    [margin.left + box.right * wide, margin.top + (1 - box.bottom) * high],
  ]
}

/** From the card's ground to the colour of heat, in steps that look even (OKLCH). */
function rampOf(shown: 'light' | 'dark'): (heat: number) => string {
  return shown === 'dark'
    ? heat => `oklch(${0.3 + 0.5 * heat} ${0.05 + 0.13 * heat} ${30 + 20 * heat})`
    : heat => `oklch(${0.94 - 0.43 * heat} ${0.03 + 0.14 * heat} ${65 - 25 * heat})`
}

function summaryOf(answer: TimelineAnswer): string {
  const total = answer.points.reduce((sum, { count }) => sum + count, 0)
  const busiest = answer.points.reduce((most, point) => Math.max(most, point.p95Ms ?? 0), 0)
  const p95 = busiest === 0 ? '' : `; p95 is at most ${duration(busiest)} in any step`
  return `Latency of ${counted(total, 'request')} over time${p95}. The table below says the same in figures.`
}
