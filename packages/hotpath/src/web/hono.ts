import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from './answer.js'
import { Mount, type MountFigures, type MountPolicy } from './mount.js'

interface Context {
  /** Of @hono/node-server: `incoming` and `outgoing`. */
  readonly env: unknown
  readonly req: { readonly matchedRoutes?: readonly { readonly path: string }[] }
}

/** Middleware of Hono. */
export interface HonoMount {
  (context: Context, next: () => Promise<void>): Promise<Response | void>
  figures(): MountFigures
}

/**
 * Keeps the answers of a route of Hono on @hono/node-server: see `cacheResponses` of
 * `hotpath/cache/express`. On other runtimes every request passes by. Hono makes its headers of the raw
 * list, so all of them are in the key, but for those that are named in `shared`.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for a policy that is none
 * @example
 * import { cacheResponses } from 'hotpath/cache/hono'
 *
 * app.get('/menu', cacheResponses({ ttl: '30s', shared: ['user-agent'] }), showMenu)
 */
export function cacheResponses(policy: MountPolicy): HonoMount {
  const mount = new Mount(policy)
  const handle = (context: Context, next: () => Promise<void>): Promise<Response | void> => {
    const { incoming, outgoing } = bindingsOf(context)
    if (incoming === undefined || outgoing === undefined) return next()
    return new Promise((resolve, reject) => {
      mount.take(incoming, outgoing, {
        path: pathOf(context),
        pass() {
          next().then(() => resolve(), reject)
          return true
        },
        answer: answer => resolve(responseOf(answer)),
      })
    })
  }
  return Object.assign(handle, { figures: () => mount.figures() })
}

function bindingsOf({ env }: Context): { incoming?: IncomingMessage; outgoing?: ServerResponse } {
  if (typeof env !== 'object' || env === null) return {}
  const { incoming, outgoing } = env as { incoming?: IncomingMessage; outgoing?: ServerResponse }
  // Of HTTP/2 and of other runtimes there may be something else of this name.
  return typeof incoming?.url === 'string' && typeof outgoing?.writeHead === 'function'
    ? { incoming, outgoing }
    : {}
}

/** The last that matches is the handler; before it stands middleware with paths such as `*`. */
function pathOf({ req }: Context): string | undefined {
  const path = req.matchedRoutes?.at(-1)?.path
  return path === undefined || path.endsWith('*') ? undefined : path
}

function responseOf({ status, reason, fields, body }: Answer): Response {
  const headers = new Headers()
  for (const [name, values] of fields)
    for (const value of [values].flat()) headers.append(name, value)
  // A copy: what a response is made of may be taken from us.
  const bytes = body === undefined ? null : new Uint8Array(body)
  return new Response(bytes, { status, statusText: reason, headers })
}
