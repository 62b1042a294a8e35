import { color } from '../theme/theme.js'
import { ofNs } from '../say/figures.js'
import { useCanvas } from './use-canvas.js'

/** How long the calls of a loop took, in nanoseconds: counted in 24 steps, each a part longer than the last. */
export function Distribution({ durations, fill }: { durations: readonly number[]; fill: string }) {
  const least = Math.min(...durations)
  const most = Math.max(...durations)
  const bins = binsOf(durations, least, most)
  const ref = useCanvas(
    ({ context, width, height }) => {
      context.clearRect(0, 0, width, height)
      const highest = Math.max(...bins)
      const step = width / bins.length
      context.fillStyle = color(fill)
      bins.forEach((n, i) => {
        if (n === 0) return
        const h = Math.max(1, (n / highest) * height)
        context.fillRect(i * step, height - h, Math.max(1, step - 1.5), h)
      })
    },
    [durations, fill],
  )
  const name = `${durations.length} calls took from ${ofNs(least)} to ${ofNs(most)}`
  return (
    <figure class="distribution">
      <canvas ref={ref} role="img" aria-label={name} />
      <figcaption class="muted small">
        <span>{ofNs(least)}</span>
        <span>{ofNs(most)}</span>
      </figcaption>
    </figure>
  )
}

function binsOf(values: readonly number[], least: number, most: number): number[] {
  const bins = Array.from({ length: 24 }, () => 0)
  const span = Math.max(1e-9, Math.log(Math.max(1, most) / Math.max(1, least)))
  for (const value of values) {
    // By logarithm: one call that took 200 times as long would leave all others in one step.
    const at = Math.floor((Math.log(Math.max(1, value) / Math.max(1, least)) / span) * 23.999)
    bins[at] = (bins[at] ?? 0) + 1
  }
  return bins
}
