import { counted } from '../say/figures.js'

/** New rows wait above the list until they are asked for: nothing moves under the reader. */
export function WaitingRows({
  waiting,
  noun,
  renew,
}: {
  waiting: number
  noun: string
  renew: () => void
}) {
  if (waiting === 0) return null
  return (
    <div class="waiting-rows" role="status">
      <button onClick={renew}>Show {counted(waiting, `new ${noun}`)}</button>
    </div>
  )
}
