import { useEffect, useState } from 'preact/hooks'

/**
 * The token of a console that other machines can reach. Kept for this tab alone (sessionStorage), and
 * sent as a header: never in a URL, where a history or a log would keep it.
 */
const key = 'hotpath.token'
const listeners = new Set<() => void>()
let needed = false

export const token = (): string | null => sessionStorage.getItem(key)

export function keepToken(value: string): void {
  sessionStorage.setItem(key, value)
  needed = false
  tell()
}

/** The console refused the token that was sent, unless another was given meanwhile. */
export function forgetToken(refused: string | null): void {
  if (token() !== refused) return
  sessionStorage.removeItem(key)
  needed = true
  tell()
}

/** Called when a token is asked for, and when one was given. */
export function onToken(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Whether the page has to ask for a token before anything else. */
export function useTokenNeeded(): boolean {
  const [shown, setShown] = useState(needed)
  useEffect(() => onToken(() => setShown(needed)), [])
  return shown
}

function tell(): void {
  for (const listener of listeners) listener()
}
