import type { IncomingMessage, ServerResponse } from 'node:http'
import { caught } from '../trace/counts.js'
import {
  noteAskingRoute,
  type ReachedRefusal,
  type ReachedTurn,
  reaching,
} from '../trace/reaching.js'

interface Request {
  readonly raw: IncomingMessage
  readonly routeOptions?: { readonly url?: string | undefined }
  readonly routerPath?: string
}
interface Reply {
  readonly raw: ServerResponse
  readonly sent: boolean
  code(status: number): Reply
  header(name: string, value: string): Reply
  send(body: string): unknown
}
type Hook = (request: Request, reply: Reply, done: () => void) => void

/**
 * Puts a hook in front of those of a route: the ones of its instance (CORS, sessions) come before those, so a
 * refusal has what they set. The config may still be on its way: then each request asks whether there is anything
 * to ask, 20 ns.
 */
export function holdRoute(route: { url?: unknown; onRequest?: unknown }): void {
  try {
    const { onRequest: own } = route
    const hooks: readonly unknown[] = own === undefined ? [] : Array.isArray(own) ? own : [own]
    // The route of HEAD that Fastify makes of one of GET has it already.
    if (!hooks.includes(hold)) route.onRequest = [hold, ...hooks]
    noteAskingRoute(route.url)
  } catch {
    caught('observe.fastify')
  }
}

const hold: Hook = (request, reply, done) => {
  const { hold: holds } = reaching
  const { routeOptions } = request
  const url = routeOptions === undefined ? request.routerPath : routeOptions.url
  if (holds === undefined || url === undefined) return done()
  if (!holds(url, request.raw, reply.raw, new RouteTurn(reply, done))) done()
}

/** One small object for a request, most of which go on. */
class RouteTurn implements ReachedTurn {
  constructor(
    private readonly reply: Reply,
    readonly go: () => void,
  ) {}

  refuse({ status, fields, body }: ReachedRefusal): void {
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
