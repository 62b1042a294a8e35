import { caught } from '../trace/counts.js'
import { onEsModule } from '../trace/es-module.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { noteAskingRoute, reaching } from '../trace/reaching.js'
import { noteGivenRoute } from '../trace/routes.js'
import { holdHandler } from './hono-limit.js'
import { patchMethod } from './patch-method.js'

interface Route {
  readonly path: string
  readonly method: string
  readonly handler: (...args: never) => unknown
}
interface Context {
  readonly env?: unknown
  readonly req?: { readonly matchedRoutes?: readonly Route[] }
}
type Handler = (this: unknown, c: Context, next: unknown) => unknown

const ROUTERS = ['smart', 'reg-exp', 'trie', 'linear', 'pattern']

/**
 * The routes of Hono 4, by what its routers are given: each handler comes with its route, and says which of
 * those that match is the request's before it runs. All else of an app's are fields of the object.
 */
export function observeHono(): void {
  for (const name of ROUTERS) {
    const file = `router/${name}-router/router.js`
    onModule(`/hono/dist/cjs/${file}`, patchRouter)
    onEsModule('hono', `dist/${file}`, patchRouter)
  }
}

function patchRouter(exports: unknown): void {
  for (const Router of Object.values(exports as object)) {
    if (typeof Router !== 'function' || !Router.name.endsWith('Router')) continue
    patchMethod(
      Router.prototype as object,
      'add',
      original =>
        function add(method, path, given) {
          noteGivenRoute(path)
          return original.call(this, method, path, named(given))
        },
    )
  }
}

const ours = new WeakSet<Handler>()

/** `[handler, route]`, with a handler that says its route. A router hands it on to another. */
function named(given: unknown): unknown {
  if (!Array.isArray(given)) return given
  const [handler, route, ...rest] = given as [Handler, Route, ...unknown[]]
  if (typeof handler !== 'function' || typeof route?.path !== 'string' || ours.has(handler))
    return given
  const saying: Handler = function (c, next) {
    try {
      nameRoute(c, route)
    } catch {
      caught('observe.hono')
    }
    if (reaching.hold !== undefined && !isMiddleware(route)) {
      const held = holdHandler(route.path, c, () => handler.call(this, c, next))
      if (held !== undefined) return held
    }
    return handler.call(this, c, next)
  }
  ours.add(saying)
  if (!isMiddleware(route)) noteAskingRoute(route.path)
  return [saying, route, ...rest]
}

function nameRoute(c: Context, own: Route): void {
  const trace = recorder.current()?.trace
  if (trace === undefined || trace.ended || typeof trace.route === 'string') return
  const routes = c.req?.matchedRoutes ?? [own]
  // Without a route only what stands before all of them was met: what it answers has none.
  trace.route = routes.findLast(route => !isMiddleware(route))?.path ?? null
}

/** As Hono tells them: `use` registers for all methods, and middleware takes `next`. */
const isMiddleware = ({ method, handler }: Route): boolean => method === 'ALL' && handler.length > 1
