import { useEffect, useState } from 'preact/hooks'

export type Theme = 'light' | 'dark'

const system = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

/** The theme that is shown: the chosen one, else the system's. */
export function theme(): Theme {
  const chosen = document.documentElement.dataset.theme
  if (chosen === 'light' || chosen === 'dark') return chosen
  return system.matches ? 'dark' : 'light'
}

/** Switches, and keeps the choice; a choice equal to the system's follows the system again. */
export function switchTheme(): void {
  const next = theme() === 'dark' ? 'light' : 'dark'
  const follows = (next === 'dark') === system.matches
  if (follows) delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
  try {
    if (follows) localStorage.removeItem('hotpath.theme')
    else localStorage.setItem('hotpath.theme', next)
  } catch {
    // Kept until the next load then.
  }
  for (const listener of listeners) listener()
}

/** The theme, followed: what draws on a canvas draws again when it changes. */
export function useTheme(): Theme {
  const [shown, setShown] = useState(theme)
  useEffect(() => {
    const update = (): void => setShown(theme())
    listeners.add(update)
    system.addEventListener('change', update)
    return () => {
      listeners.delete(update)
      system.removeEventListener('change', update)
    }
  }, [])
  return shown
}

/** A colour token as it is now, for a canvas: `color('--hot')`. */
export const color = (token: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(token).trim()
