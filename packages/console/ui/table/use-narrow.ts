import { useEffect, useState } from 'preact/hooks'

/** Below this width tables become cards, and details a sheet. */
const narrow = matchMedia('(max-width: 720px)')

export function useNarrow(): boolean {
  const [is, setIs] = useState(narrow.matches)
  useEffect(() => {
    const update = (): void => setIs(narrow.matches)
    narrow.addEventListener('change', update)
    return () => narrow.removeEventListener('change', update)
  }, [])
  return is
}
