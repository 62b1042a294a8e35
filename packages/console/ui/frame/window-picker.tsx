import { change, type Place } from '../place/place.js'
import { sinceOf } from '../place/question.js'
import { windowName } from '../say/times.js'

const lengths = ['5m', '15m', '1h', '6h', '24h', '3d']

/** What time is looked at: a length back from now, or a stretch that a link names. */
export function WindowPicker({ place }: { place: Place }) {
  const since = sinceOf(place)
  const until = place.params.get('until')
  const value = until === null && lengths.includes(since) ? since : 'other'
  return (
    <select
      class="field window"
      aria-label="Time"
      value={value}
      onChange={event => change({ since: event.currentTarget.value, until: null }, 'push')}
    >
      {value === 'other' && (
        <option value="other" disabled>
          {windowName(since, until)}
        </option>
      )}
      {lengths.map(length => (
        <option key={length} value={length}>
          {windowName(length)}
        </option>
      ))}
    </select>
  )
}
