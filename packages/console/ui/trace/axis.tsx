import { ofNs } from '../say/figures.js'
import { thin } from '../../src/diagnose/figures.js'
import type { Zoom } from './folds.js'

/** Four even parts of what is shown; the last says its end. */
const parts = [0, 0.25, 0.5, 0.75, 1]

export function Axis({ zoom }: { zoom: Zoom }) {
  return (
    <div class="w-row w-axis muted small" aria-hidden="true">
      <span class="w-name">Span</span>
      <span class="w-self">Self</span>
      <span class="w-time">
        {ticksOf(zoom).map((text, i) => (
          <span key={i} class="tick" style={{ left: `${(parts[i] ?? 0) * 100}%` }}>
            {text}
          </span>
        ))}
      </span>
    </div>
  )
}

/**
 * Where a zoom begins, and from there how far: between 2.06 s and 2.07 s three digits are the same at
 * every tick.
 */
function ticksOf({ from, to }: Zoom): string[] {
  return parts.map((part, i) => {
    if (i === 0) return from === 0 ? '0' : ofNs(from)
    const ns = part * (to - from)
    const text = to - from < 4_000 ? `${Math.round(ns)}${thin}ns` : ofNs(ns)
    return from === 0 ? text : `+${text}`
  })
}
