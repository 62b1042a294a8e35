import { useEffect, useState } from 'preact/hooks'

/**
 * Where the page is: everything that a person chose (view, selection, zoom, folds, filters) lives in
 * the URL, so that a link shows what was seen, and Back undoes.
 */
const listeners = new Set<() => void>()

/** Kept from view to view, since they say what is looked at. */
const lasting = ['since', 'until', 'service']

export type Params = Readonly<Record<string, string | null | undefined>>

addEventListener('popstate', () => tell())
document.addEventListener('click', event => {
  if (event.defaultPrevented || event.button !== 0) return
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (link === null || link.origin !== location.origin || link.target !== '') return
  event.preventDefault()
  go(link.pathname + link.search)
})

export function go(href: string): void {
  const moves = new URL(href, location.href).pathname !== location.pathname
  if (href !== location.pathname + location.search) history.pushState(null, '', href)
  tell()
  if (moves) scrollTo(0, 0)
}

/** Changes parameters of this view; `push` when Back should undo it. */
export function change(params: Params, how: 'push' | 'replace' = 'replace'): void {
  const href = hereWith(params)
  if (how === 'push') history.pushState(null, '', href)
  else history.replaceState(null, '', href)
  tell()
}

/** The link of this view with other parameters; null removes one. */
export function hereWith(params: Params): string {
  return location.pathname + searchOf(new URLSearchParams(location.search), params)
}

/** The link of another view, about the same service and time. */
export function linkTo(path: string, params: Params = {}): string {
  const here = new URLSearchParams(location.search)
  const kept = new URLSearchParams()
  for (const name of lasting) {
    const value = here.get(name)
    if (value !== null) kept.set(name, value)
  }
  return path + searchOf(kept, params)
}

function searchOf(search: URLSearchParams, params: Params): string {
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === '') search.delete(name)
    else search.set(name, value)
  }
  // Readable where a URL may be: a slash and a colon in a query need no escape.
  const text = search.toString().replaceAll('%2F', '/').replaceAll('%3A', ':')
  return text === '' ? '' : `?${text}`
}

export interface Place {
  readonly path: string
  readonly params: URLSearchParams
}

const here = (): Place => ({
  path: location.pathname,
  params: new URLSearchParams(location.search),
})

export function usePlace(): Place {
  const [place, setPlace] = useState(here)
  useEffect(() => {
    const update = (): void => setPlace(here())
    listeners.add(update)
    return () => void listeners.delete(update)
  }, [])
  return place
}

function tell(): void {
  for (const listener of listeners) listener()
}
