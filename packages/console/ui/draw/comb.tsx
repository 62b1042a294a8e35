import { color } from '../theme/theme.js'
import { useCanvas } from './use-canvas.js'

/** Offset and duration of one call, in one unit. */
export type Call = readonly [offset: number, duration: number]

const even = (moment: number): number => moment

/**
 * Every call of a loop as a tooth: where it began, how long it took (width, and height as part of the
 * longest). Where more calls than pixels fall on one place the longest is seen.
 */
export function Comb({
  calls,
  from,
  to,
  at = even,
  fill,
  name,
}: {
  calls: readonly Call[]
  from: number
  to: number
  /** Where a moment stands, on any scale; evenly when left out. */
  at?: (moment: number) => number
  fill: string
  name: string
}) {
  const ref = useCanvas(
    ({ context, width, height }) => {
      context.clearRect(0, 0, width, height)
      const longest = calls.reduce((most, [, duration]) => Math.max(most, duration), 0)
      const scale = width / Math.max(Number.MIN_VALUE, at(to) - at(from))
      context.fillStyle = color(fill)
      for (const [offset, duration] of calls) {
        const x = (at(offset) - at(from)) * scale
        const wide = (at(offset + duration) - at(offset)) * scale
        // A hair of space between neighbours, as long as there is room for one.
        const w = Math.max(0.75, wide > 2.5 ? wide - 1 : wide * 0.8)
        if (x + w < 0 || x > width) continue
        const h = Math.max(3, height * (0.12 + 0.88 * (longest === 0 ? 0 : duration / longest)))
        context.fillRect(x, height - h, w, h)
      }
    },
    [calls, from, to, at, fill],
  )
  return <canvas class="comb" ref={ref} role="img" aria-label={name} />
}
