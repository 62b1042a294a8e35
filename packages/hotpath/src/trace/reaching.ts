import type { IncomingMessage, ServerResponse } from 'node:http'

/** What can be done with a request that has reached its route, before its handler. */
export interface ReachedTurn {
  /** On to the handler; throws what that throws. */
  go(): void
  refuse(answer: ReachedRefusal): void
  /** Headers of the answer that the handler will give. */
  tell(fields: readonly (readonly [string, string])[]): void
}

export interface ReachedRefusal {
  readonly status: number
  readonly fields: readonly (readonly [string, string])[]
  readonly body: string
}

/** True: `turn` goes on, or refuses, by itself. Does not throw. */
export type Hold = (
  template: string,
  request: IncomingMessage,
  response: ServerResponse,
  turn: ReachedTurn,
) => boolean

/**
 * Where routers ask, once they have matched a route, whether its handler may have the request: there alone it is
 * known which it is, however the URL was spelt. Undefined where no policy wants to know; a field, so that those
 * who patch routers see the change.
 */
export const reaching: { hold: Hold | undefined; expected: boolean } = {
  hold: undefined,
  /** There is a config, which may ask for it once it is read. */
  expected: false,
}
