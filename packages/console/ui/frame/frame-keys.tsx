import { togglePaused } from '../ask/hold.js'
import { useKeys } from '../keys/keys.js'
import { change, go, linkTo, type Place } from '../place/place.js'
import { copyText } from '../say/copy.js'

/** Keys that hold everywhere, unless the view has its own meaning for one. */
export function FrameKeys({ place }: { place: Place }) {
  useKeys({
    'Mod+k': () => change({ goto: '1' }),
    '?': () => change({ help: '1' }),
    ' ': togglePaused,
    y: () => void copyText(location.href),
    Escape: () => {
      const { activeElement } = document
      if (activeElement instanceof HTMLInputElement) activeElement.blur()
      else if (place.path !== '/') up(place)
    },
  })
  return null
}

/** One level up, by history where that is where one came from. */
function up({ path }: Place): void {
  const [, view = '', id] = path.split('/')
  if (history.length > 1) history.back()
  else if (id !== undefined && view === 'traces') go(linkTo('/traces'))
  else go(linkTo('/'))
}
