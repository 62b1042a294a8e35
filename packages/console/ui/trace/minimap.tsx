import { useRef, useState } from 'preact/hooks'
import type { TraceAnswer, TraceRowSpan } from '../../src/api/answers.js'
import { clamp } from '../draw/heat.js'
import { useCanvas } from '../draw/use-canvas.js'
import { ofNs } from '../say/figures.js'
import { color } from '../theme/theme.js'
import { setZoom, type Zoom } from './folds.js'

/** The whole trace in the height of a thumb; dragging over it zooms, a double click shows all. */
export function Minimap({ answer, zoom }: { answer: TraceAnswer; zoom: Zoom }) {
  const started = useRef<number>(undefined)
  const [drag, setDrag] = useState<Zoom>()
  const shown = drag ?? zoom
  const ref = useCanvas(
    ({ context, width, height }) => {
      context.clearRect(0, 0, width, height)
      paint(context, answer, width, height)
      frame(context, answer.durationNs, shown, width, height)
    },
    [answer, shown.from, shown.to],
  )
  const at = (event: PointerEvent): number =>
    clamp(event.offsetX / (ref.current?.clientWidth ?? 1), 0, 1) * answer.durationNs
  const between = (event: PointerEvent): Zoom => {
    const from = started.current ?? 0
    return { from: Math.min(from, at(event)), to: Math.max(from, at(event)) }
  }
  return (
    <canvas
      ref={ref}
      class="minimap"
      role="img"
      aria-label={`The trace from 0 to ${ofNs(answer.durationNs)}; shown is ${ofNs(zoom.from)} to ${ofNs(zoom.to)}`}
      onPointerDown={event => {
        event.currentTarget.setPointerCapture(event.pointerId)
        started.current = at(event)
      }}
      onPointerMove={event => started.current !== undefined && setDrag(between(event))}
      onPointerUp={event => {
        const chosen = between(event)
        started.current = undefined
        setDrag(undefined)
        // A click is no stretch.
        if (chosen.to - chosen.from > answer.durationNs / 200) setZoom(chosen)
      }}
      onPointerCancel={() => {
        started.current = undefined
        setDrag(undefined)
      }}
      onDblClick={() => setZoom(null)}
    />
  )
}

function paint(
  context: CanvasRenderingContext2D,
  { rows, durationNs }: TraceAnswer,
  width: number,
  height: number,
): void {
  const deepest = rows.reduce((most, { depth }) => Math.max(most, depth), 0)
  const lane = (height - 12) / (deepest + 1)
  const thick = clamp(lane - 1.5, 2, 10)
  const scale = width / Math.max(1, durationNs)
  // The deepest last, so that a parent never hides what it waited for.
  const colors = new Map<string, string>()
  for (const row of rows) {
    context.fillStyle = colorOf(row, colors)
    context.globalAlpha = row.depth === 0 ? 0.35 : row.critical ? 1 : 0.5
    const y = 6 + row.depth * lane
    if (row.folded === undefined)
      context.fillRect(row.offsetNs * scale, y, Math.max(0.75, row.durationNs * scale), thick)
    else
      for (const [offset, duration] of row.folded.calls)
        context.fillRect(offset * scale, y, Math.max(0.75, duration * scale * 0.9), thick)
  }
  context.globalAlpha = 1
}

function colorOf({ category }: TraceRowSpan, known: Map<string, string>): string {
  const found = known.get(category) ?? color(`--${category}`)
  known.set(category, found)
  return found
}

function frame(
  context: CanvasRenderingContext2D,
  durationNs: number,
  zoom: Zoom,
  width: number,
  height: number,
): void {
  const left = (zoom.from / durationNs) * width
  const right = (zoom.to / durationNs) * width
  context.fillStyle = color('--page')
  context.globalAlpha = 0.6
  context.fillRect(0, 0, left, height)
  context.fillRect(right, 0, width - right, height)
  context.globalAlpha = 1
  context.strokeStyle = color('--edge')
  context.lineWidth = 1
  context.strokeRect(left + 0.5, 1.5, Math.max(2, right - left - 1), height - 3)
  context.fillStyle = color('--edge')
  for (const x of [left, right - 3]) context.fillRect(x, height / 2 - 7, 3, 14)
}
