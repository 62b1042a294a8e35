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

/** Paths of routes that ask, with those below a mount by their own part alone. */
const asking = new Set<string>()
const MOST_ASKING = 5_000

/** A router was given a route of this path, and will ask when it reaches it. */
export function noteAskingRoute(path: unknown): void {
  if (typeof path === 'string' && asking.size < MOST_ASKING) asking.add(path)
}

/** How many there are so far: whether one asks may have changed. */
export const askingRoutes = (): number => asking.size

/** Whether some router asks for it, or for its last part with a word in it: a mount may stand before that. */
export function isAskingRoute(template: string): boolean {
  if (asking.has(template)) return true
  for (const path of asking) if (/\/[^:*/]/.test(path) && template.endsWith(path)) return true
  return false
}
