import type { IncomingMessage, ServerResponse } from 'node:http'
import { reaching } from '../trace/reaching.js'

interface Context {
  /** Of @hono/node-server: `incoming` and `outgoing`. */
  readonly env?: unknown
  header?(name: string, value: string): void
}

/**
 * The answer of a handler of Hono that has to wait for its request, or will not get it; undefined: it may have it
 * now.
 */
export function holdHandler(
  template: string,
  c: Context,
  handle: () => unknown,
): Promise<unknown> | undefined {
  const { hold } = reaching
  const { incoming, outgoing } = bindingsOf(c)
  if (hold === undefined || incoming === undefined || outgoing === undefined) return undefined
  let [resolve, reject]: ((value: unknown) => void)[] = []
  const answer = new Promise<unknown>((yes, no) => {
    resolve = yes
    reject = no
  })
  const isHeld = hold(template, incoming, outgoing, {
    go() {
      try {
        resolve?.(handle())
      } catch (error) {
        reject?.(error)
      }
    },
    refuse({ status, fields, body }) {
      const headers = fields.map(([name, value]): [string, string] => [name, value])
      resolve?.(new Response(body, { status, headers }))
    },
    tell(fields) {
      for (const [name, value] of fields) c.header?.(name, value)
    },
  })
  return isHeld ? answer : undefined
}

function bindingsOf({ env }: Context): { incoming?: IncomingMessage; outgoing?: ServerResponse } {
  if (typeof env !== 'object' || env === null) return {}
  const { incoming, outgoing } = env as { incoming?: IncomingMessage; outgoing?: ServerResponse }
  // Of other runtimes there may be something else of this name.
  return typeof incoming?.url === 'string' && typeof outgoing?.once === 'function'
    ? { incoming, outgoing }
    : {}
}
