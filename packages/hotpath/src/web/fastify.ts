import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { sendAnswer } from './answer.js'
import { Mount, type MountFigures, type MountPolicy } from './mount.js'

interface Request {
  readonly raw: IncomingMessage
  readonly routeOptions?: { readonly url?: string | undefined }
  /** Before Fastify 4.10. */
  readonly routerPath?: string
}

interface Reply {
  readonly raw: ServerResponse
  hijack(): unknown
  getHeaders(): OutgoingHttpHeaders
}

/** An `onRequest` hook of Fastify 4 and 5. */
export interface FastifyMount {
  (request: Request, reply: Reply, done: () => void): void
  figures(): MountFigures
}

/**
 * Keeps the answers of a route of Fastify: see `cacheResponses` of `hotpath/cache/express`. A hit runs the
 * `onRequest` hooks before it, and `onResponse`; no handler, no serialiser, no `onSend`.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for a policy that is none
 * @example
 * import { cacheResponses } from 'hotpath/cache/fastify'
 *
 * fastify.get('/menu', { onRequest: cacheResponses({ ttl: '30s' }) }, showMenu)
 */
export function cacheResponses(policy: MountPolicy): FastifyMount {
  const mount = new Mount(policy)
  const hook = (request: Request, reply: Reply, done: () => void): void => {
    const { routeOptions, routerPath } = request
    mount.take(request.raw, reply.raw, {
      path: routeOptions === undefined ? routerPath : routeOptions.url,
      pass() {
        done()
        return true
      },
      answer(answer) {
        const headers = reply.getHeaders()
        reply.hijack()
        sendAnswer(reply.raw, answer, headers)
      },
    })
  }
  return Object.assign(hook, { figures: () => mount.figures() })
}
