import type { Distribution } from '../../src/model.js'
import { duration } from '../say/figures.js'
import { color } from '../theme/theme.js'
import { useCanvas } from './use-canvas.js'

/** One of the two: its counts as bars on a line, solid when it was measured, hatched when it is predicted. */
export function Spread({
  counts,
  most,
  fill,
  hatched,
  name,
}: {
  counts: readonly number[]
  /** The highest bar of both, so that they can be compared. */
  most: number
  fill: string
  hatched: boolean
  /** What is seen, in a sentence. */
  name: string
}) {
  const ref = useCanvas(
    ({ context, width, height }) => {
      context.clearRect(0, 0, width, height)
      const paint = color(fill)
      const step = width / counts.length
      counts.forEach((n, i) => {
        if (n === 0) return
        const h = Math.max(2, (n / Math.max(1, most)) * height)
        const bar = { x: i * step + 0.75, y: height - h, width: Math.max(1, step - 1.5), height: h }
        if (hatched) hatch(context, bar, paint)
        else {
          context.fillStyle = paint
          context.fillRect(bar.x, bar.y, bar.width, bar.height)
        }
      })
    },
    [counts, most, fill, hatched],
  )
  return <canvas ref={ref} role="img" aria-label={name} />
}

interface Bar {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** An outline, and lines across it that go on from one bar to the next. */
function hatch(context: CanvasRenderingContext2D, bar: Bar, paint: string): void {
  context.save()
  context.beginPath()
  context.rect(bar.x, bar.y, bar.width, bar.height)
  context.clip()
  context.strokeStyle = paint
  context.lineWidth = 1.25
  context.beginPath()
  const from = Math.floor((bar.x - bar.height) / 5) * 5
  for (let x = from; x < bar.x + bar.width + bar.height; x += 5) {
    context.moveTo(x, bar.y + bar.height)
    context.lineTo(x + bar.height, bar.y)
  }
  context.stroke()
  context.lineWidth = 2
  context.strokeRect(bar.x, bar.y, bar.width, bar.height)
  context.restore()
}

/** How long requests take now, and below it how long with the fix, on one axis. */
export function TwoDistributions({ distribution }: { distribution: Distribution }) {
  const { fromMs, before, after } = distribution
  const most = Math.max(...before, ...after)
  const [least = 0, longest = 0] = [fromMs[0], fromMs.at(-1)]
  const middle = Math.sqrt(least * longest)
  const range = `${duration(least)} to ${duration(longest)}`
  return (
    <figure class="two-distributions">
      <div class="spread">
        <span class="muted small">now</span>
        <Spread
          counts={before}
          most={most}
          fill="--hot"
          hatched={false}
          name={`Requests as they are, by duration from ${range}`}
        />
      </div>
      <div class="spread">
        <span class="muted small">predicted</span>
        <Spread
          counts={after}
          most={most}
          fill="--good"
          hatched
          name={`The same requests with the fix, predicted, by duration from ${range}`}
        />
      </div>
      <figcaption class="muted small">
        <span>{duration(least)}</span>
        <span>{duration(middle)}</span>
        <span>{duration(longest)}</span>
      </figcaption>
    </figure>
  )
}
