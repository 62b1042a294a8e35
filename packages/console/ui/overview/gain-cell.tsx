import type { Finding } from '../../src/model.js'
import { figuresOf } from '../../src/predict/verdict.js'
import { Share } from '../draw/share.js'
import { duration, percent } from '../say/figures.js'

/** What the route would take with the fix, beside what it takes; without a prediction what the finding costs. */
export function GainCell({ gain, cost, about }: Finding) {
  if (about === 'index')
    return (
      <div class="cost each">
        <span class="muted small">disk, and work of writes</span>
      </div>
    )
  const figures = gain?.predicted && figuresOf(gain.predicted)
  if (!figures)
    return (
      <div class="cost each">
        <span class="big">{duration(cost.msPerRequest)}</span>
        <Share part={cost.share} />
        <span class="muted small">{percent(cost.share)} of a request</span>
      </div>
    )
  const { fromMs, toMs, at } = figures
  return (
    <div class="cost each">
      <span class="big then">{duration(toMs)}</span>
      <span class="share predicted" aria-hidden="true">
        <i style={{ width: `${Math.min(1, toMs / Math.max(1e-6, fromMs)) * 100}%` }} />
      </span>
      <span class="muted small" title={`Predicted with the fix, ${at}`}>
        {at === 'on average' ? at : 'predicted'}, from {duration(fromMs)}
      </span>
    </div>
  )
}
