import { caught } from '../trace/counts.js'
import { onModule } from '../trace/module-load.js'
import { type ActiveTrace, recorder } from '../trace/recorder.js'
import { noteAskingRoute, reaching } from '../trace/reaching.js'
import { noteGivenRoute } from '../trace/routes.js'
import { holdsRoute } from './express-limit.js'
import {
  type ExpressPath,
  joinTemplate,
  type LayerClass,
  mountTemplate,
  PathChoice,
} from './express-path.js'

/**
 * The routes of Express 4 (its own router) and 5 (the package `router`).
 *
 * Express 5's router has a diagnostics channel, but a subscriber makes it allocate a context and wrap
 * `next` for every layer, it does not name the mounts above a route, and Express 4 has none. Three
 * patches do for both: `Route.dispatch` names the route when it is reached, so that what runs in it can
 * be counted by route; `use` notes the path of a mount; `handle` says that Express answers here, so
 * that a path without a route (404) is not guessed.
 */
export function observeExpress(): void {
  onModule('/router/index.js', patchRouter)
  onModule('/router/lib/route.js', patchRoute)
  // Without the package's name, which may be an alias; the shape tells it.
  onModule('/lib/router/route.js', patchRoute)
}

type Next = (error?: unknown) => void
type Handle = (this: unknown, req: Request, res: Response, next: Next) => unknown

/** The mounts that a request is inside of, the innermost first. */
interface Mount {
  readonly template: string
  /** `req.baseUrl` in it: what of the path is behind it. */
  readonly base: string
}
interface Request {
  url: string
  baseUrl?: string
  [MOUNT]?: Mount | undefined
}
interface Response {
  readonly headersSent: boolean
}
interface Route {
  readonly path: ExpressPath
  [CHOICE]?: PathChoice
}
interface Layer {
  handle_request?: Handle
  handleRequest?: Handle
}
interface Router {
  stack: Layer[]
  caseSensitive?: boolean
  strict?: boolean
}
interface RouterMethods {
  use(this: Router, ...args: unknown[]): unknown
  route(this: Router, path: ExpressPath): Route
  handle: Handle
}

const MOUNT = Symbol('hotpath.mount')
const CHOICE = Symbol('hotpath.choice')
const PATCHED = Symbol.for('hotpath.observed')

function patchRouter(exports: unknown): void {
  const methods = ownMethods(exports)
  if (methods === undefined || PATCHED in methods) return
  Object.defineProperty(methods, PATCHED, { value: true })
  const { use, route, handle } = methods
  methods.use = function (...args) {
    const before = this.stack?.length ?? 0
    const result = use.apply(this, args)
    try {
      noteMounts(this, before, args[0])
    } catch {
      caught('observe.express')
    }
    return result
  }
  methods.route = function (path) {
    const made = route.call(this, path)
    try {
      for (const one of [path].flat()) {
        noteGivenRoute(one)
        noteAskingRoute(one)
      }
      if (Array.isArray(path)) noteChoice(this, made, path)
    } catch {
      caught('observe.express')
    }
    return made
  }
  methods.handle = function (req, res, next) {
    const trace = recorder.current()?.trace
    if (trace !== undefined && !trace.ended && trace.route === undefined) trace.route = null
    return handle.call(this, req, res, next)
  }
}

/** Express 4 exports the object that its routers inherit from, `router` a class. A router is neither. */
function ownMethods(exports: unknown): RouterMethods | undefined {
  if (typeof exports !== 'function') return undefined
  return [exports, exports.prototype as unknown].find(
    (each): each is RouterMethods =>
      (typeof each === 'function' || (typeof each === 'object' && each !== null)) &&
      ['use', 'route', 'handle'].every(name => Object.hasOwn(each, name)),
  )
}

function noteChoice(router: Router, route: Route, path: ExpressPath): void {
  const { caseSensitive: sensitive, strict } = router
  const Layer = router.stack.at(-1)?.constructor as LayerClass
  route[CHOICE] = new PathChoice(path, Layer, { sensitive, strict, end: true })
}

/** Layers with a path of their own get their own `handleRequest`; all others stay as they are. */
function noteMounts(router: Router, from: number, first: unknown): void {
  const path = mountPath(first)
  if (path === undefined || path === '/') return
  for (const layer of router.stack.slice(from)) {
    const Layer = layer.constructor as LayerClass
    const options = { sensitive: router.caseSensitive, strict: false, end: false }
    const choice = new PathChoice(path, Layer, options)
    const name = layer.handleRequest === undefined ? 'handle_request' : 'handleRequest'
    const original = layer[name] as Handle
    layer[name] = function (req, res, next) {
      return original.call(this, req, res, enterMount(choice, req, res, next))
    }
  }
}

/** `use(path, ...)` as Express tells it from `use(handler, ...)`. */
function mountPath(first: unknown): ExpressPath {
  let inner = first
  while (Array.isArray(inner) && inner.length > 0) inner = inner[0]
  return typeof inner === 'function' ? undefined : (first as ExpressPath)
}

/** Until `next` is called the request is inside of the mount: it answers, or a route behind it does. */
function enterMount(choice: PathChoice, req: Request, res: Response, next: Next): Next {
  try {
    const trace = recorder.current()?.trace
    const outer = req[MOUNT]
    const base = req.baseUrl ?? ''
    const path = choice.of(base.slice(outer?.base.length ?? 0) || '/')
    const template = mountTemplate(outer?.template ?? '', path)
    req[MOUNT] = { template, base }
    const before = trace?.route
    if (trace !== undefined && !trace.ended) trace.route = template
    return error => {
      req[MOUNT] = outer
      leave(trace, res, before, error)
      next(error)
    }
  } catch {
    caught('observe.express')
    return next
  }
}

function patchRoute(exports: unknown): void {
  const prototype = (exports as { prototype?: { dispatch?: Handle } }).prototype
  const dispatch = prototype?.dispatch
  if (prototype === undefined || dispatch === undefined || PATCHED in prototype) return
  Object.defineProperty(prototype, PATCHED, { value: true })
  prototype.dispatch = function (req, res, done) {
    const trace = recorder.current()?.trace
    const isWatched = trace !== undefined && !trace.ended
    if (!isWatched && reaching.hold === undefined) return dispatch.call(this, req, res, done)
    const before = trace?.route
    let template: string | undefined
    try {
      template = routeTemplate(this as Route, req)
      if (isWatched) trace.route = template
    } catch {
      caught('observe.express')
    }
    const next = isWatched
      ? (error?: unknown) => {
          leave(trace, res, before, error)
          done(error)
        }
      : done
    if (reaching.hold !== undefined && template !== undefined) {
      const go = () => void dispatch.call(this, req, res, next)
      if (holdsRoute(template, req, res, go)) return undefined
    }
    return dispatch.call(this, req, res, next)
  }
}

function routeTemplate(route: Route, req: Request): string {
  const query = req.url.indexOf('?')
  const path = route[CHOICE]?.of(query < 0 ? req.url : req.url.slice(0, query)) ?? route.path
  return joinTemplate(req[MOUNT]?.template ?? '', String(path))
}

/**
 * A route or mount that hands on did not answer, and its name goes with it; with an error it stays, for
 * whoever answers the error does so on its behalf.
 */
function leave(
  trace: ActiveTrace | undefined,
  res: Response,
  before: string | null | undefined,
  error: unknown,
): void {
  if (trace === undefined || trace.ended || res.headersSent) return
  if (error === undefined || error === null || error === 'route' || error === 'router') {
    trace.route = before
  }
}
