import { ofNs } from '../say/figures.js'
import type { Zoom } from './folds.js'

/** Four even parts of what is shown; the last says its end. */
const ticks = [0, 0.25, 0.5, 0.75, 1]

export function Axis({ zoom }: { zoom: Zoom }) {
  return (
    <div class="w-row w-axis muted small" aria-hidden="true">
      <span class="w-name">Span</span>
      <span class="w-self">Self</span>
      <span class="w-time">
        {ticks.map(part => {
          const ns = zoom.from + part * (zoom.to - zoom.from)
          return (
            <span key={part} class="tick" style={{ left: `${part * 100}%` }}>
              {ns === 0 ? '0' : ofNs(ns)}
            </span>
          )
        })}
      </span>
    </div>
  )
}
