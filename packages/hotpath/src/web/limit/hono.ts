import type { IncomingMessage, ServerResponse } from 'node:http'
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

interface Context {
  /** Of @hono/node-server: `incoming` and `outgoing`. */
  readonly env: unknown
  header(name: string, value: string): void
}

/** Middleware of Hono. */
export interface HonoLimit<Figures = LimitFigures> {
  (context: Context, next: () => Promise<void>): Promise<Response | void>
  figures(): Figures
}

/**
 * Limits a route of Hono on @hono/node-server: see `limitRequests` of `hotpath/limit/express`. On other runtimes
 * there is no request of Node to tell clients apart by, and every request passes by.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for options that make no sense, HOTPATH_LIMIT_NAMESPACE
 * @example
 * import { limitRequests } from 'hotpath/limit/hono'
 *
 * app.post('/orders', limitRequests({ rate: '100/h' }), takeOrder)
 */
export function limitRequests<Subject extends Context = Context>(
  options: MountLimit<Subject>,
): HonoLimit {
  return middleware(LimitMount.limit(options, userOf))
}

/** Slows down what comes faster: see `throttleRequests` of `hotpath/limit/express`. */
export function throttleRequests<Subject extends Context = Context>(
  options: MountThrottle<Subject>,
): HonoLimit {
  return middleware(LimitMount.throttle(options, userOf))
}

/** Lets in as many at once as do not make each other slow: see `limitConcurrency` of `hotpath/limit/express`. */
export function limitConcurrency<Subject extends Context = Context>(
  options: MountConcurrency<Subject>,
): HonoLimit<ConcurrencyFigures> {
  return middleware(new ConcurrencyMount(options, routeOf))
}

/** Of the handler that it has come to; behind a mount for all there is one for all. */
const routeOf = (context: object): unknown =>
  Reflect.get(Object(Reflect.get(context, 'req')) as object, 'routePath')

/** `context.set('user', ...)`, and the claims of Hono's own middleware for JWT. */
function userOf(context: object): unknown {
  const known = Reflect.get(context, 'var') as { user?: unknown; jwtPayload?: unknown } | undefined
  return known?.user ?? known?.jwtPayload
}

function middleware<Subject extends Context, Figures>(
  mount: Mount<Subject, Figures>,
): HonoLimit<Figures> {
  const handle = (context: Context, next: () => Promise<void>): Promise<Response | void> => {
    const { incoming, outgoing } = bindingsOf(context)
    if (incoming === undefined || outgoing === undefined) return next()
    return new Promise((resolve, reject) => {
      let told: readonly (readonly [string, string])[] = []
      const go = (): void =>
        void next()
          .then(() => {
            // Not on the answer itself: one of `fetch` that is handed on lets nobody change its headers.
            for (const [name, value] of told) context.header(name, value)
          })
          .then(resolve, reject)
      const isHeld = mount.hold(
        incoming,
        outgoing,
        {
          go,
          refuse({ status, fields, body }) {
            resolve(new Response(body, { status, headers: fields.map(([n, v]) => [n, v]) }))
          },
          tell(fields) {
            told = fields
          },
        },
        context as Subject,
      )
      if (!isHeld) go()
    })
  }
  return Object.assign(handle, { figures: () => mount.figures() })
}

function bindingsOf({ env }: Context): { incoming?: IncomingMessage; outgoing?: ServerResponse } {
  if (typeof env !== 'object' || env === null) return {}
  const { incoming, outgoing } = env as { incoming?: IncomingMessage; outgoing?: ServerResponse }
  // Of HTTP/2 and of other runtimes there may be something else of this name.
  return typeof incoming?.url === 'string' && typeof outgoing?.once === 'function'
    ? { incoming, outgoing }
    : {}
}
