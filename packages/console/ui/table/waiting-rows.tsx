import { counted } from '../say/figures.js'

/**
 * New rows wait above the list until they are asked for, and rows that the newest answer lacks stay,
 * pale, and are said to be old: nothing moves under the reader.
 */
export function WaitingRows({
  waiting,
  gone = 0,
  noun,
  renew,
}: {
  waiting: number
  gone?: number
  noun: string
  renew: () => void
}) {
  if (waiting === 0 && gone === 0) return null
  const are = gone === 1 ? 'is' : 'are'
  return (
    <div class="waiting-rows" role="status">
      {waiting > 0 && <button onClick={renew}>Show {counted(waiting, `new ${noun}`)}</button>}
      {waiting === 0 && (
        <span class="muted">
          {counted(gone, `pale ${noun}`)} {are} of an earlier answer.{' '}
          <button onClick={renew}>Show the newest only</button>
        </span>
      )}
    </div>
  )
}
