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
  readonly req: IncomingMessage
  readonly res: ServerResponse
  status: number
  body: unknown
  set(name: string, value: string): void
}

/** Middleware of Koa. */
export interface KoaLimit<Figures = LimitFigures> {
  (context: Context, next: () => Promise<unknown>): Promise<void>
  figures(): Figures
}

/**
 * Limits a route of Koa: see `limitRequests` of `hotpath/limit/express`. A refusal is the body of the context:
 * middleware before it goes on with it as with any other.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for options that make no sense, HOTPATH_LIMIT_NAMESPACE
 * @example
 * import { limitRequests } from 'hotpath/limit/koa'
 *
 * router.post('/orders', limitRequests({ rate: '100/h' }), takeOrder)
 */
export function limitRequests<Subject extends Context = Context>(
  options: MountLimit<Subject>,
): KoaLimit {
  return middleware(LimitMount.limit(options, userOf))
}

/** Slows down what comes faster: see `throttleRequests` of `hotpath/limit/express`. */
export function throttleRequests<Subject extends Context = Context>(
  options: MountThrottle<Subject>,
): KoaLimit {
  return middleware(LimitMount.throttle(options, userOf))
}

/** Lets in as many at once as do not make each other slow: see `limitConcurrency` of `hotpath/limit/express`. */
export function limitConcurrency<Subject extends Context = Context>(
  options: MountConcurrency<Subject>,
): KoaLimit<ConcurrencyFigures> {
  return middleware(new ConcurrencyMount(options, routeOf))
}

/** As the routers of Koa note it. */
const routeOf = (context: object): unknown => Reflect.get(context, '_matchedRoute')

const userOf = (context: object): unknown =>
  Reflect.get(Object(Reflect.get(context, 'state')) as object, 'user')

function middleware<Subject extends Context, Figures>(
  mount: Mount<Subject, Figures>,
): KoaLimit<Figures> {
  const handle = (context: Context, next: () => Promise<unknown>): Promise<void> =>
    new Promise((resolve, reject) => {
      const go = (): void => void next().then(() => resolve(), reject)
      const isHeld = mount.hold(
        context.req,
        context.res,
        {
          go,
          refuse({ status, fields, body }) {
            context.status = status
            context.body = body
            // After the body, of which Koa makes a type.
            for (const [name, value] of fields) context.set(name, value)
            resolve()
          },
          tell(fields) {
            for (const [name, value] of fields) context.set(name, value)
          },
        },
        context as Subject,
      )
      if (!isHeld) go()
    })
  return Object.assign(handle, { figures: () => mount.figures() })
}
