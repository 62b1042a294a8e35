import type { StatusAnswer } from '../../src/api/status.js'
import { useAway } from '../ask/connection.js'
import { useAnswer } from '../ask/use-answer.js'

/** What is wrong with what is shown: the console is away, or something was not kept. Counted, never hidden. */
export function Banner() {
  const away = useAway()
  const { answer } = useAnswer<StatusAnswer>('status')
  if (away)
    return (
      <div class="banner bad" role="alert">
        <b>The console does not answer.</b> Start it with <code>hotpath serve</code> or{' '}
        <code>hotpath dev -- COMMAND</code>. What is shown is what it said last; this page goes on
        by itself when it is back.
      </div>
    )
  const [first, ...more] = answer?.notes ?? []
  if (first === undefined) return null
  if (more.length === 0)
    return (
      <div class="banner" role="status">
        {first}
      </div>
    )
  return (
    <details class="banner">
      <summary role="status">
        {first} <b>{more.length} more</b>
      </summary>
      <ul>
        {more.map(note => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  )
}
