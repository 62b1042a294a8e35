import type { WindowAnswer } from '../../src/api/answers.js'
import { hereWith, type Place } from '../place/place.js'
import { sinceOf } from '../place/question.js'
import { agoOf, windowName } from '../say/times.js'
import { Nothing } from './states.js'

const lengths: readonly (readonly [name: string, ms: number])[] = [
  ['5m', 3e5],
  ['15m', 9e5],
  ['1h', 3.6e6],
  ['6h', 21.6e6],
  ['24h', 86.4e6],
  ['3d', 259.2e6],
]

/** In the window nothing came: said at once, with a window in which something did one click away. */
export function EmptyWindow({ answer, place }: { answer: WindowAnswer; place: Place }) {
  return (
    <Nothing title={emptyTitle(place)}>
      <Elsewhere answer={answer} place={place} />
    </Nothing>
  )
}

/** `Nothing in the last 15 min`. */
export function emptyTitle(place: Place): string {
  const until = place.params.get('until')
  const name = windowName(sinceOf(place), until)
  const service = place.params.get('service')
  const of = service === null ? 'Nothing' : `Nothing of ${service}`
  if (until !== null) return `${of} from ${name}`
  return name.startsWith('Last') ? `${of} in the ${lower(name)}` : `${of} ${lower(name)}`
}

/** Where there is something: a longer window, all services. */
export function Elsewhere({ answer, place }: { answer: WindowAnswer; place: Place }) {
  const { newestMs, sinceMs, untilMs } = answer
  if (newestMs === null) return <>Nothing was ever received.</>
  const inside = newestMs >= sinceMs && newestMs <= untilMs
  const [enough] = lengths.find(([, ms]) => Date.now() - newestMs < ms * 0.9) ?? ['3d']
  return (
    <>
      {!inside && (
        <>
          The newest is from {agoOf(newestMs)}:{' '}
          <a
            class="link strong"
            href={hereWith({ since: enough, until: null, from: null, to: null })}
          >
            show the {lower(windowName(enough))}
          </a>
          .
        </>
      )}
      {place.params.has('service') && (
        <>
          {' '}
          <a class="link strong" href={hereWith({ service: null })}>
            Show all services
          </a>
          .
        </>
      )}
    </>
  )
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
