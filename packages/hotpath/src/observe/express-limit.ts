import type { IncomingMessage, ServerResponse } from 'node:http'
import { reaching, type ReachedRefusal } from '../trace/reaching.js'

/**
 * Whether a route of Express has to wait for its request, or will not get it. Middleware of the app stands before
 * it: what that has set on the answer (CORS) a refusal has, too.
 */
export function holdsRoute(template: string, req: object, res: object, go: () => void): boolean {
  const { hold } = reaching
  if (hold === undefined) return false
  const response = res as ServerResponse
  return hold(template, req as IncomingMessage, response, {
    go,
    refuse: answer => refuse(response, answer),
    tell(fields) {
      if (!response.headersSent) for (const [name, value] of fields) response.setHeader(name, value)
    },
  })
}

function refuse(response: ServerResponse, { status, fields, body }: ReachedRefusal): void {
  if (response.headersSent || response.destroyed) return
  response.statusCode = status
  for (const [name, value] of fields) response.setHeader(name, value)
  response.end(body)
}
