import { change, type Place } from '../place/place.js'
import { GapWords } from './gaps.js'
import type { Scale } from './scale.js'
import type { Folds } from './waterfall-rows.js'

export const categories = {
  code: 'your code',
  database: 'database',
  http: 'HTTP out',
  cache: 'cache',
  waiting: 'waiting',
} as const

/** What the colours mean, and the search. */
export function Legend({ place, folds, scale }: { place: Place; folds: Folds; scale: Scale }) {
  return (
    <div class="w-legend small">
      {Object.entries(categories).map(([key, words]) => (
        <span key={key}>
          <i class={`swatch fill-${key}`} />
          {words}
        </span>
      ))}
      <span>
        <i class="path" />
        critical path
      </span>
      <GapWords scale={scale} unfolded={place.params.get('gaps') === '1'} />
      <span class="grow" />
      {folds.criticalOnly && (
        <button class="chip hot" onClick={() => change({ critical: null })}>
          critical path only ×
        </button>
      )}
      {place.params.has('z') && (
        <button class="chip hot" onClick={() => change({ z: null })}>
          zoomed ×
        </button>
      )}
      <label class="find">
        <span class="unseen">Find in trace</span>
        <input
          id="find-in-trace"
          class="field"
          type="search"
          placeholder="Find in trace"
          value={folds.find}
          onInput={event => change({ q: event.currentTarget.value })}
        />
        <span class="kbd">/</span>
      </label>
    </div>
  )
}
