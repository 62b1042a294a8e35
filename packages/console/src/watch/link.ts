import { wellFormed } from './words.js'

/** Some browsers and chats cut longer ones, and a message holds twenty of them. */
const mostCharacters = 800

/**
 * The address of the page about a route, or about a service as a whole, in a window. One whose
 * names make it too long is the page about all routes.
 *
 *     linkTo('https://console.example.com', { service: 'shop', route: 'GET /menu', sinceMs, untilMs })
 */
export function linkTo(
  url: string,
  at: {
    readonly service: string
    readonly route: string | null
    readonly sinceMs: number
    readonly untilMs: number
  },
): string {
  const window = {
    since: new Date(at.sinceMs).toISOString(),
    until: new Date(at.untilMs).toISOString(),
  }
  const path = at.route === null ? '' : `/${encodeURIComponent(wellFormed(at.route))}`
  const query = new URLSearchParams({ service: at.service, ...window })
  const link = `${url}/routes${path}?${query}`
  return link.length <= mostCharacters ? link : `${url}/routes?${new URLSearchParams(window)}`
}
