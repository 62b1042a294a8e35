import { clock } from '../clock.js'
import { counts } from './counts.js'
import { takeSeries } from './series.js'
import type { Delivery } from './wire.js'

/** All that was counted since the last call, as delivery `sequence`; undefined when nothing was. */
export function takeDelivery(sequence: number, sinceMs: number): Delivery | undefined {
  const series = takeSeries()
  const { dropped, errors, batch } = counts
  if (series.length === 0 && dropped.size + errors.size + batch.size === 0) return undefined
  const delivery: Delivery = {
    sequence,
    originMs: clock.origin,
    startMs: sinceMs,
    endMs: clock.now(),
    series,
    dropped: [...dropped].map(([key, n]) => {
      const [what = '', reason = ''] = key.split(' ')
      return [what, reason, n]
    }),
    errors: [...errors],
    batch: [...batch].map(([key, n]) => {
      const [name = '', route = '', reason = ''] = key.split('\n')
      return [name, route, reason, n]
    }),
  }
  dropped.clear()
  errors.clear()
  batch.clear()
  return delivery
}
