import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tap } from '../serve/capture.js'
import { type Inputs, watchInputs } from '../serve/inputs.js'
import { isSafe } from '../serve/invalidate.js'

/** What was noted of a request when it arrived, before any code of the app saw it. */
export interface Arrival {
  readonly inputs: Inputs
  readonly server: unknown
  /** As it was sent: routers shorten `request.url` on the way. */
  readonly url: string
  /** A mount has taken it: a second one on its way lets it pass. */
  taken: boolean
}

const ARRIVAL = Symbol('hotpath.arrival')
type Arrived = IncomingMessage & { [ARRIVAL]?: Arrival }

/** Whose policy it will be is not known yet: all that is read is noted, and judged later. */
const ANY_NAME = { has: () => true }

let watches = false

/**
 * From now on each request is watched from its arrival on, on all servers of this process: middleware that
 * stands before a mount reads headers as well, and writes through functions of its own. Node announces
 * requests of HTTP/1 on this channel right before it emits them; what it does not announce (HTTP/2,
 * requests that a framework injects) passes mounts by.
 */
export function watchArrivals(
  unsafe: (request: IncomingMessage, response: ServerResponse, server: unknown) => void,
  caught: () => void,
): void {
  if (watches) return
  watches = true
  subscribe('http.server.request.start', message => {
    try {
      const { request, response, server } = message as {
        readonly request: IncomingMessage
        readonly response: ServerResponse
        readonly server: unknown
      }
      const { method = '' } = request
      // It speaks HTTP/2 too, and what is written that way nobody hears of here.
      if (typeof server === 'object' && server !== null && 'updateSettings' in server) return
      if (method === 'GET' || method === 'HEAD') arrive(request, response, server)
      else if (!isSafe(method)) unsafe(request, response, server)
    } catch {
      caught()
    }
  })
}

/** Watches one request. */
export function arrive(request: IncomingMessage, response: ServerResponse, server: unknown): void {
  const inputs = watchInputs(request, ANY_NAME)
  tap(response)
  const { url = '' } = request
  ;(request as Arrived)[ARRIVAL] = { inputs, server, url, taken: false }
}

/** Undefined: nobody watched it from its beginning. */
export function arrivalOf(request: IncomingMessage): Arrival | undefined {
  return (request as Arrived)[ARRIVAL]
}
