import { ofNs } from '../say/figures.js'
import { thin } from '../../src/diagnose/figures.js'
import { percent } from './gaps.js'
import type { Scale } from './scale.js'

/** Four even parts of what is shown; the last says its end. */
const parts = [0, 0.25, 0.5, 0.75, 1]

export function Axis({ scale }: { scale: Scale }) {
  const ticks = scale.gaps.length === 0 ? evenTicks(scale) : ticksAround(scale)
  return (
    <div class="w-row w-axis muted small" aria-hidden="true">
      <span class="w-name">Span</span>
      <span class="w-self">Self</span>
      <span class="w-time">
        {ticks.map(({ at, text }) => (
          <span key={at} class="tick" style={{ left: percent(at) }}>
            {text}
          </span>
        ))}
        {scale.gaps.map(gap => (
          <span
            key={gap.left}
            class="gap-length"
            style={{ left: percent((gap.left + gap.right) / 2) }}
          >
            {ofNs(gap.ns)}
          </span>
        ))}
      </span>
    </div>
  )
}

interface Tick {
  /** Part of the width. */
  readonly at: number
  readonly text: string
}

/**
 * Where a zoom begins, and from there how far: between 2.06 s and 2.07 s three digits are the same at
 * every tick.
 */
function evenTicks({ zoom: { from, to } }: Scale): Tick[] {
  return parts.map((at, i) => {
    if (i === 0) return { at, text: from === 0 ? '0' : ofNs(from) }
    const ns = at * (to - from)
    const text = to - from < 4_000 ? `${Math.round(ns)}${thin}ns` : ofNs(ns)
    return { at, text: from === 0 ? text : `+${text}` }
  })
}

/** Around folded gaps: where what is shown begins and ends. The gaps say how long they are. */
function ticksAround({ zoom: { from, to } }: Scale): Tick[] {
  return [
    { at: 0, text: from === 0 ? '0' : ofNs(from) },
    { at: 1, text: from === 0 ? ofNs(to) : `+${ofNs(to - from)}` },
  ]
}
