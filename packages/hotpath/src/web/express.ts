import type { IncomingMessage, ServerResponse } from 'node:http'
import { pathTemplate } from '../trace/path-template.js'
import { sendAnswer } from './answer.js'
import { Mount, type MountFigures, type MountPolicy } from './mount.js'

type Request = IncomingMessage & {
  readonly route?: { readonly path?: unknown }
  readonly baseUrl?: string
}

/** Middleware of Express 4 and 5. */
export interface ExpressMount {
  (request: Request, response: ServerResponse, next: (error?: unknown) => void): void
  figures(): MountFigures
}

/**
 * Keeps the answers of a route of Express, as `routes[..].cache` of the config does it, without the
 * recorder: docs/response-cache.md. The policy has to earn that it serves: 20 equal answers in a row.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for a policy that is none
 * @example
 * import { cacheResponses } from 'hotpath/cache/express'
 *
 * app.get('/menu', cacheResponses({ ttl: '30s', stale: '10m' }), showMenu)
 */
export function cacheResponses(policy: MountPolicy): ExpressMount {
  const mount = new Mount(policy)
  const handle = (request: Request, response: ServerResponse, next: () => void): void => {
    mount.take(request, response, {
      path: pathOf(request),
      pass() {
        next()
        return true
      },
      answer: answer => sendAnswer(response, answer),
    })
  }
  return Object.assign(handle, { figures: () => mount.figures() })
}

/** Routers that are mounted have the values of their parameters in `baseUrl`. */
function pathOf({ route, baseUrl = '' }: Request): string | undefined {
  const path = route?.path
  if (typeof path !== 'string') return undefined
  return baseUrl === '' ? path : pathTemplate(baseUrl) + (path === '/' ? '' : path)
}
