import type { IncomingMessage } from 'node:http'

/** Where a watched request keeps its raw list. Of the registry: a gate reads it behind the watch of a mount. */
const RAW = Symbol.for('hotpath.rawHeaders')
type Watched = IncomingMessage & { [RAW]?: readonly string[] }

/** The raw list of a request: read by us, it is no reading by the app. */
export function rawHeadersOf(request: IncomingMessage): readonly string[] {
  return (request as Watched)[RAW] ?? request.rawHeaders
}

/** The same, which stays to be had once the request is watched. */
export function keepRaw(request: IncomingMessage): readonly string[] {
  const raw = rawHeadersOf(request)
  ;(request as Watched)[RAW] = raw
  return raw
}
