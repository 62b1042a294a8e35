import { clock } from '../clock.js'
import { counts } from './counts.js'
import type { Gauge } from './gauges.js'
import { takeSeries } from './series.js'
import { takeTallies } from './tallies.js'
import type { Delivery } from './wire.js'

/** All that was counted since the last call, and the figures of now, as delivery `sequence`; undefined when nothing was. */
export function takeDelivery(
  sequence: number,
  sinceMs: number,
  gauges: readonly Gauge[] = [],
): Delivery | undefined {
  const series = takeSeries()
  const tallies = takeTallies()
  const { dropped, errors } = counts
  const counted = tallies.length + dropped.size + errors.size
  if (series.length + gauges.length + counted === 0) return undefined
  const delivery: Delivery = {
    sequence,
    originMs: clock.origin,
    startMs: sinceMs,
    endMs: clock.now(),
    series,
    gauges,
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
