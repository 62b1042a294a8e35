/**
 * The address of the page about a route, or about a service as a whole, in a window.
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
  const query = new URLSearchParams({
    service: at.service,
    since: new Date(at.sinceMs).toISOString(),
    until: new Date(at.untilMs).toISOString(),
  })
  const path = at.route === null ? '' : `/${encodeURIComponent(at.route)}`
  return `${url}/routes${path}?${query}`
}
