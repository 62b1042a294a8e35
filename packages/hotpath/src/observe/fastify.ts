import { subscribe } from 'node:diagnostics_channel'
import { caught } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'
import { reaching } from '../trace/reaching.js'
import { noteGivenRoute } from '../trace/routes.js'
import { holdRoute } from './fastify-limit.js'
import { whileSerialising } from './serialising.js'

type Done = (error?: Error | null, payload?: unknown) => void
type Serialising = (request: Request, reply: unknown, payload: unknown, done: Done) => void
interface Request {
  /** Fastify 4.10 and later; `url` is absent for a 404. */
  readonly routeOptions?: { readonly url?: string | undefined }
  /** Older ones. */
  readonly routerPath?: string
}
interface Route {
  readonly url?: unknown
  preSerialization?: unknown
  onRequest?: unknown
}
interface Fastify {
  addHook(name: 'onRequest', hook: (request: Request, reply: unknown, done: Done) => void): unknown
  addHook(name: 'onRoute', hook: (route: Route) => void): unknown
}

/**
 * The routes of Fastify 4 and 5, by a hook that stands before all others on every instance
 * (`fastify.initialization` announces it).
 *
 * The channel `tracing:fastify.request.handler` comes too late: an `onRequest` hook that refuses a
 * request ends it without a handler, and what hooks ask of the database would belong to no route. A
 * subscriber to it also makes Fastify allocate a store per request; the hook costs 0.1 us.
 */
export function observeFastify(): void {
  subscribe('fastify.initialization', message => {
    try {
      const { fastify } = message as { readonly fastify: Fastify }
      fastify.addHook('onRequest', nameRoute)
      fastify.addHook('onRoute', route => {
        noteGivenRoute(route.url)
        watchSerialising(route)
        if (reaching.expected) holdRoute(route)
      })
    } catch {
      caught('observe.fastify')
    }
  })
}

/**
 * How long an answer takes from the last hook before it is put into bytes until it ends: `done` writes it,
 * with the serialiser that Fastify compiled for the route, before it returns. A hook of the route, since
 * those come after the hooks of its instance; 0.2 to 0.3 us an answer that is an object.
 */
function watchSerialising(route: Route): void {
  try {
    const { preSerialization: own } = route
    const hooks: readonly unknown[] = own === undefined ? [] : Array.isArray(own) ? own : [own]
    // The route of HEAD that Fastify makes of one of GET has it already.
    if (!hooks.includes(serialising)) route.preSerialization = [...hooks, serialising]
  } catch {
    caught('observe.fastify')
  }
}

const serialising: Serialising = (_request, _reply, payload, done) => {
  whileSerialising(() => done(null, payload))
}

function nameRoute(request: Request, _reply: unknown, done: Done): void {
  try {
    const { routeOptions } = request
    const url = routeOptions === undefined ? request.routerPath : routeOptions.url
    recorder.setRoute(url ?? null)
  } catch {
    caught('observe.fastify')
  }
  done()
}
