import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '../../limit/refusal.js'
import type { Turn } from '../../limit/route-limit.js'
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

interface Request {
  readonly raw: IncomingMessage
}

interface Reply {
  readonly raw: ServerResponse
  readonly sent: boolean
  code(status: number): unknown
  header(name: string, value: string): unknown
  send(body: string): unknown
}

/** A hook of Fastify 4 and 5: `onRequest`, or `preHandler` where the options read what hooks before have found. */
export interface FastifyLimit<Figures = LimitFigures> {
  (request: Request, reply: Reply, done: () => void): void
  figures(): Figures
}

/**
 * Limits a route of Fastify: see `limitRequests` of `hotpath/limit/express`.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for options that make no sense, HOTPATH_LIMIT_NAMESPACE
 * @example
 * import { limitRequests } from 'hotpath/limit/fastify'
 *
 * fastify.post('/orders', { onRequest: limitRequests({ rate: '100/h' }) }, takeOrder)
 */
export function limitRequests<Subject extends Request = Request>(
  options: MountLimit<Subject>,
): FastifyLimit {
  return hook(LimitMount.limit(options, userOf))
}

/** Slows down what comes faster: see `throttleRequests` of `hotpath/limit/express`. */
export function throttleRequests<Subject extends Request = Request>(
  options: MountThrottle<Subject>,
): FastifyLimit {
  return hook(LimitMount.throttle(options, userOf))
}

/** Lets in as many at once as do not make each other slow: see `limitConcurrency` of `hotpath/limit/express`. */
export function limitConcurrency<Subject extends Request = Request>(
  options: MountConcurrency<Subject>,
): FastifyLimit<ConcurrencyFigures> {
  return hook(new ConcurrencyMount(options, routeOf))
}

const userOf = (request: object): unknown => Reflect.get(request, 'user')

/** Of Fastify 5 and 4. */
function routeOf(request: object): unknown {
  const options = Reflect.get(request, 'routeOptions') as { url?: unknown } | undefined
  return options?.url ?? Reflect.get(request, 'routerPath')
}

function hook<Subject extends Request, Figures>(
  mount: Mount<Subject, Figures>,
): FastifyLimit<Figures> {
  const handle = (request: Request, reply: Reply, done: () => void): void => {
    if (!mount.hold(request.raw, reply.raw, new FastifyTurn(reply, done), request as Subject))
      done()
  }
  return Object.assign(handle, { figures: () => mount.figures() })
}

class FastifyTurn implements Turn {
  constructor(
    private readonly reply: Reply,
    readonly go: () => void,
  ) {}

  refuse({ status, fields, body }: Refusal): void {
    const { reply } = this
    if (reply.sent || reply.raw.destroyed) return
    reply.code(status)
    this.tell(fields)
    reply.send(body)
  }

  tell(fields: readonly (readonly [string, string])[]): void {
    for (const [name, value] of fields) this.reply.header(name, value)
  }
}
