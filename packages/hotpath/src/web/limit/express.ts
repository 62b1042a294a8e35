import type { IncomingMessage, ServerResponse } from 'node:http'
import { PlainTurn } from '../../limit/plain-turn.js'
import {
  type ConcurrencyFigures,
  ConcurrencyMount,
  type MountConcurrency,
} from './concurrency-mount.js'
import {
  type LimitFigures,
  LimitMount,
  type Mount,
  type MountLimit,
  type MountThrottle,
} from './mount.js'

export type { ConcurrencyFigures, MountConcurrency } from './concurrency-mount.js'
export type { LimitFigures, MountLimit, MountThrottle } from './mount.js'

/** Middleware of Express 4 and 5. */
export interface ExpressLimit<Figures = LimitFigures> {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void
  figures(): Figures
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

/**
 * Lets in as many requests at once as do not make each other slow, or so many: `routes[..].concurrency` of the
 * config, docs/concurrency.md. What is behind one mount shares its places.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for options that make no sense
 * @example
 * import { limitConcurrency } from 'hotpath/limit/express'
 *
 * app.get('/report/:id', limitConcurrency({ limit: 4 }), report)
 */
export function limitConcurrency<Request extends IncomingMessage = IncomingMessage>(
  options: MountConcurrency<Request>,
): ExpressLimit<ConcurrencyFigures> {
  return middleware(new ConcurrencyMount(options, routeOf))
}

const userOf = (request: object): unknown => Reflect.get(request, 'user')

const routeOf = (request: object): unknown =>
  (Reflect.get(request, 'route') as { path?: unknown } | undefined)?.path

function middleware<Request extends IncomingMessage, Figures>(
  mount: Mount<Request, Figures>,
): ExpressLimit<Figures> {
  const handle = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (!mount.hold(request, response, new PlainTurn(response, next), request as Request)) next()
  }
  return Object.assign(handle, { figures: () => mount.figures() })
}
