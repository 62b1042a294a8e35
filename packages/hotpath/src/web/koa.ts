import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from './answer.js'
import { Mount, type MountFigures, type MountPolicy } from './mount.js'

interface Context {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  status: number
  message: string
  body: unknown
  set(name: string, value: string | string[]): void
  remove(name: string): void
}

/** Middleware of Koa. */
export interface KoaMount {
  (context: Context, next: () => Promise<unknown>): Promise<void>
  figures(): MountFigures
}

/**
 * Keeps the answers of a route of Koa: see `cacheResponses` of `hotpath/cache/express`. A hit is the body
 * of the context: middleware before it goes on with it as with any other.
 *
 * @throws HOTPATH_CONFIG_KEY, HOTPATH_CONFIG_VALUE for a policy that is none
 * @example
 * import { cacheResponses } from 'hotpath/cache/koa'
 *
 * router.get('/menu', cacheResponses({ ttl: '30s' }), showMenu)
 */
export function cacheResponses(policy: MountPolicy): KoaMount {
  const mount = new Mount(policy)
  const handle = (context: Context, next: () => Promise<unknown>): Promise<void> =>
    new Promise((resolve, reject) => {
      mount.take(context.req, context.res, {
        path: pathOf(context),
        pass() {
          next().then(() => resolve(), reject)
          return true
        },
        answer(answer) {
          give(context, answer)
          resolve()
        },
      })
    })
  return Object.assign(handle, { figures: () => mount.figures() })
}

/** What @koa/router and koa-router note; Koa itself has no routes. */
function pathOf(context: Context): string | undefined {
  const path: unknown = Reflect.get(context, '_matchedRoute')
  return typeof path === 'string' ? path : undefined
}

function give(context: Context, { status, reason, fields, body }: Answer): void {
  context.status = status
  context.body = body ?? null
  context.status = status
  if (reason !== '') context.message = reason
  // Koa gives bytes a type, which the answer need not have had.
  context.remove('Content-Type')
  for (const [name, value] of fields) context.set(name, value)
}
