import { useEffect, useRef } from 'preact/hooks'

export type Keys = Readonly<Record<string, ((event: KeyboardEvent) => void) | undefined>>

/** The newest last: a view's keys go before those of the frame. */
const layers: { readonly current: Keys }[] = []

document.addEventListener('keydown', event => {
  if (event.altKey || event.isComposing) return
  const name = nameOf(event)
  if (isTyping(event.target) && name !== 'Escape') return
  if (isPressed(event.target, name)) return
  // An open dialog has its own keys, and Escape closes it by itself.
  if (document.querySelector('dialog[open]') !== null) return
  for (const layer of layers.toReversed()) {
    const act = layer.current[name]
    if (act === undefined) continue
    event.preventDefault()
    act(event)
    return
  }
})

/** Keys that act while the component is shown: `useKeys({ j: next, 'Mod+k': goTo })`. Not while typing. */
export function useKeys(keys: Keys): void {
  const layer = useRef(keys)
  layer.current = keys
  useEffect(() => {
    layers.push(layer)
    return () => void layers.splice(layers.indexOf(layer), 1)
  }, [])
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  return event.metaKey || event.ctrlKey ? `Mod+${key}` : key
}

/** What has the focus takes Space and Enter for itself. */
function isPressed(target: EventTarget | null, name: string): boolean {
  const presses = target instanceof Element && target.closest('button, a, summary') !== null
  return presses && (name === ' ' || name === 'Enter')
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(?:INPUT|SELECT|TEXTAREA)$/.test(target.tagName)
}
