import { subscribe } from 'node:diagnostics_channel'
import { caught } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'
import { noteGivenRoute } from '../trace/routes.js'

type Done = () => void
interface Request {
  /** Fastify 4.10 and later; `url` is absent for a 404. */
  readonly routeOptions?: { readonly url?: string | undefined }
  /** Older ones. */
  readonly routerPath?: string
}
interface Fastify {
  addHook(name: 'onRequest', hook: (request: Request, reply: unknown, done: Done) => void): unknown
  addHook(name: 'onRoute', hook: (route: { readonly url?: unknown }) => void): unknown
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
      fastify.addHook('onRoute', ({ url }) => noteGivenRoute(url))
    } catch {
      caught('observe.fastify')
    }
  })
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
