import type { IncomingMessage, ServerResponse } from 'node:http'
import { noteAskingRoute, reaching } from '../trace/reaching.js'

interface Context {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** What the router has found: of several layers that match, the last. */
  readonly _matchedRoute?: unknown
  status: number
  body: unknown
  set(name: string, value: string): void
}
type Next = () => Promise<unknown>

/** What `register` of a router has made: its own middleware is the list that runs. */
interface Layer {
  readonly path?: unknown
  readonly methods?: readonly string[]
  readonly stack?: unknown[]
}

/** Puts middleware in front of that of a route; what the app has used before the router comes before it. */
export function holdLayer(made: unknown, router: unknown): void {
  // Of a list of paths each is registered by itself, and the router given back.
  if (made === router || typeof made !== 'object' || made === null) return
  const { path, methods, stack } = made as Layer
  if (typeof path !== 'string' || !Array.isArray(methods) || methods.length === 0) return
  if (!Array.isArray(stack)) return
  stack.unshift(hold)
  noteAskingRoute(path)
}

function hold(context: Context, next: Next): Promise<unknown> {
  const { hold: holds } = reaching
  const { _matchedRoute: template } = context
  if (holds === undefined || typeof template !== 'string') return next()
  let [resolve]: ((value: unknown) => void)[] = []
  const gone = new Promise<unknown>(yes => {
    resolve = yes
  })
  const isHeld = holds(template, context.req, context.res, {
    // Called in a turn of its own: what the app throws is in the promise that it gives.
    go: () => resolve?.(next()),
    refuse({ status, fields, body }) {
      context.status = status
      context.body = body
      // After the body, of which Koa makes a type.
      for (const [name, value] of fields) context.set(name, value)
      resolve?.(undefined)
    },
    tell(fields) {
      for (const [name, value] of fields) context.set(name, value)
    },
  })
  return isHeld ? gone : next()
}
