import { useEffect, useState } from 'preact/hooks'

/**
 * What is read does not change under the reader: live data waits while the page is paused, a table is
 * pointed at, text is selected or the page scrolls.
 */
const restMs = 1_000
const listeners = new Set<() => void>()
let paused = false
let over = false
let scrolledMs = Number.NEGATIVE_INFINITY

addEventListener('scroll', () => (scrolledMs = performance.now()), { passive: true })
document.addEventListener('pointerover', event => {
  over = event.target instanceof Element && event.target.closest('[data-hold]') !== null
})
document.documentElement.addEventListener('pointerleave', () => (over = false))

export function held(): boolean {
  const selection = getSelection()
  const selects = selection !== null && !selection.isCollapsed
  return paused || over || selects || performance.now() - scrolledMs < restMs
}

export function togglePaused(): void {
  paused = !paused
  for (const listener of listeners) listener()
}

export function usePaused(): boolean {
  const [shown, setShown] = useState(paused)
  useEffect(() => {
    const update = (): void => setShown(paused)
    listeners.add(update)
    return () => void listeners.delete(update)
  }, [])
  return shown
}
