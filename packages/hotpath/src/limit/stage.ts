import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ReachedTurn } from '../trace/reaching.js'
import type { RouteLimit } from './route-limit.js'

/** The limits of a config, as the gate and the routers see them. No method of it throws. */
export interface LimitStage {
  /** The limit of a request of whose route no router will tell; by its path, on the generous side. */
  atGate(request: IncomingMessage): RouteLimit | undefined
  /** True: `go` is called, or the request is refused, by itself. */
  hold(
    limit: RouteLimit,
    request: IncomingMessage,
    response: ServerResponse,
    go: () => void,
  ): boolean
  /** The same where a router has found the route; bound. */
  readonly reached: (
    template: string,
    request: IncomingMessage,
    response: ServerResponse,
    turn: ReachedTurn,
  ) => boolean
  /** The same where a kept answer of `GET /menu` is about to be given; bound. */
  readonly hit: (
    route: string,
    request: IncomingMessage,
    response: ServerResponse,
    go: () => void,
  ) => boolean
}
