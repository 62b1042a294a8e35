import { clock } from '../clock.js'
import { counts } from './counts.js'
import { takeSeries } from './series.js'
import { takeTallies } from './tallies.js'
import type { Delivery } from './wire.js'

/** All that was counted since the last call, as delivery `sequence`; undefined when nothing was. */
export function takeDelivery(sequence: number, sinceMs: number): Delivery | undefined {
  const series = takeSeries()
  const tallies = takeTallies()
  const { dropped, errors } = counts
  if (series.length + tallies.length + dropped.size + errors.size === 0) return undefined
  const delivery: Delivery = {
    sequence,
    originMs: clock.origin,
    startMs: sinceMs,
    endMs: clock.now(),
    series,
    tallies,
    dropped: [...dropped].map(([key, n]) => {
      const [what = '', reason = ''] = key.split(' ')
      return [what, reason, n]
    }),
    errors: [...errors],
  }
  dropped.clear()
  errors.clear()
  return delivery
}
