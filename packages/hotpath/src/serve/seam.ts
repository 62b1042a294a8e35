import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import type { RouteStats } from '../trace/routes.js'

/** What the gate keeps of a request: its span, as far as the stages need it. */
export interface RequestSpan {
  readonly trace: { route: string | null | undefined }
  /** The answer came from a cache: told to the span and to its histogram. */
  fromCache: boolean
  stats(): RouteStats
}

/** Hands a request to the app's listeners; throws what they throw. */
export type Run = () => boolean

/** The request was answered, or will be, without the app. Of the registry: the stage is a bundle of its own. */
export const SERVED = Symbol.for('hotpath.served')

/** What becomes of a request: undefined lets it pass, a function lets it pass and watches the answer. */
export type Way = typeof SERVED | ((run: Run) => boolean) | undefined

/** How a server emits to the app's listeners, past the gate. */
export type Emit = (this: unknown, type: string, ...args: unknown[]) => boolean

/** The request's way in and out, as the gate of the HTTP server sees it. No method of it throws. */
export interface ServeStage {
  /** Before anything is done for a request: true, if it was refused. */
  shed?(request: IncomingMessage, response: ServerResponse, span: RequestSpan): boolean
  enter(
    request: IncomingMessage,
    response: ServerResponse,
    span: RequestSpan,
    emit: Emit,
    server: unknown,
  ): Way
  /**
   * The same where no cache has to do with it: what expects `100-continue` and goes to listeners of its own, and
   * requests to servers of node:http2.
   */
  enterUncached?(
    request: IncomingMessage,
    response: ServerResponse,
    span: RequestSpan,
    server: unknown,
  ): Way
  /** A client has connected to a server of node:http2. */
  connected?(session: ServerHttp2Session): void
  /** A response closed, finished or not. */
  closed(response: ServerResponse): void
}
