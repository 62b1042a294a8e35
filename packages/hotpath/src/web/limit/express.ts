import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '../../limit/refusal.js'
import type { Turn } from '../../limit/route-limit.js'
import { type LimitFigures, LimitMount, type MountLimit, type MountThrottle } from './mount.js'

export type { LimitFigures, MountLimit, MountThrottle } from './mount.js'

/** Middleware of Express 4 and 5. */
export interface ExpressLimit {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void
  figures(): LimitFigures
}

/**
 * Limits a route of Express, or all that is behind where it is mounted, as `routes[..].limit` of the config does
 * it, without the recorder: docs/limits.md.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for options that make no sense, HOTPATH_LIMIT_NAMESPACE
 * @example
 * import { limitRequests } from 'hotpath/limit/express'
 *
 * app.post('/orders', limitRequests({ rate: '100/h', by: 'user' }), takeOrder)
 */
export function limitRequests<Request extends IncomingMessage = IncomingMessage>(
  options: MountLimit<Request>,
): ExpressLimit {
  return middleware(LimitMount.limit(options, userOf))
}

/**
 * Slows down what comes faster than the rate: `routes[..].throttle` of the config.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for options that make no sense
 * @example
 * app.get('/search', throttleRequests({ rate: '20/s', maxDelay: '2s' }), search)
 */
export function throttleRequests<Request extends IncomingMessage = IncomingMessage>(
  options: MountThrottle<Request>,
): ExpressLimit {
  return middleware(LimitMount.throttle(options, userOf))
}

const userOf = (request: object): unknown => Reflect.get(request, 'user')

function middleware(mount: LimitMount): ExpressLimit {
  const handle = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (!mount.hold(request, response, new ExpressTurn(response, next), request)) next()
  }
  return Object.assign(handle, { figures: () => mount.figures() })
}

class ExpressTurn implements Turn {
  constructor(
    private readonly response: ServerResponse,
    readonly go: () => void,
  ) {}

  refuse({ status, fields, body }: Refusal): void {
    const { response } = this
    if (response.headersSent || response.destroyed) return
    response.statusCode = status
    this.tell(fields)
    response.end(body)
  }

  tell(fields: readonly (readonly [string, string])[]): void {
    if (this.response.headersSent) return
    for (const [name, value] of fields) this.response.setHeader(name, value)
  }
}
