import { linkTo } from '../place/place.js'
import { Nothing } from '../state/states.js'

export function Nowhere() {
  return (
    <div class="card">
      <Nothing title="There is nothing at this address.">
        <a class="link strong" href={linkTo('/')}>
          Go to the findings
        </a>
      </Nothing>
    </div>
  )
}
