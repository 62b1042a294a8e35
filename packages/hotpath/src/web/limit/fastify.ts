import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '../../limit/refusal.js'
import type { Turn } from '../../limit/route-limit.js'
import { type LimitFigures, LimitMount, type MountLimit, type MountThrottle } from './mount.js'

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
export interface FastifyLimit {
  (request: Request, reply: Reply, done: () => void): void
  figures(): LimitFigures
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

const userOf = (request: object): unknown => Reflect.get(request, 'user')

function hook(mount: LimitMount): FastifyLimit {
  const handle = (request: Request, reply: Reply, done: () => void): void => {
    if (!mount.hold(request.raw, reply.raw, new FastifyTurn(reply, done), request)) done()
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
