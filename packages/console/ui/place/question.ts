import type { Place } from './place.js'

/** What the console looks at unless the URL says otherwise: 15 minutes. */
export const usualSince = '15m'

export const sinceOf = ({ params }: Place): string => params.get('since') ?? usualSince

/**
 * A question about the window and the service of the place: `questionOf(place, 'routes')`. More
 * parameters replace those of the place.
 */
export function questionOf(
  { params }: Place,
  path: string,
  more: Readonly<Record<string, string | null | undefined>> = {},
): string {
  const query = new URLSearchParams({ since: params.get('since') ?? usualSince })
  for (const name of ['until', 'service']) {
    const value = params.get(name)
    if (value !== null) query.set(name, value)
  }
  for (const [name, value] of Object.entries(more)) {
    if (value === null || value === undefined || value === '') query.delete(name)
    else query.set(name, value)
  }
  return `${path}?${query.toString()}`
}
