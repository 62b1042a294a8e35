import type { Attributes } from '../../trace/attributes.js'
import { type Answer, feed, type PgQuery } from './answer.js'
import { activeOf, type Client } from './client.js'
import type { Wiring } from './exchange.js'
import type { Parts } from './parts.js'

/** The app may replace the global timers; ours must be real. */
const { setImmediate } = globalThis
const { nextTick } = process

/** So many answers in a row without a breath: about 0.3 ms. Then timers and sockets have their turn. */
const BREATH = 64
let inARow = 0

/** Calls `fn` soon, never at once: what the driver answers, it answers later. */
export function soon(fn: () => void): void {
  if (++inARow < BREATH) {
    nextTick(fn)
    return
  }
  setImmediate(() => {
    inARow = 0
    fn()
  })
}

/** The count of keys goes with the call that asked for all; a served one says only that it was. */
export const SERVED: Attributes = { 'hotpath.batch': 'served' }

/**
 * Answers the query that the client is about to send, in the place of the server: the client never
 * knows, and goes on with what waits behind it.
 */
export function serveClient(
  query: PgQuery,
  answer: Answer,
  client: Client,
  status: string,
  { host, defects }: Parts,
  how = SERVED,
): void {
  const connection = client.connection as Wiring & object
  soon(() => {
    // Its connection was lost, or its timeout passed, meanwhile.
    if (activeOf(client) !== query) return
    try {
      host.mark(query, how)
      feed(query, answer, connection, defects)
    } catch {
      host.caught('query.serve')
    }
    connection.emit('readyForQuery', { name: 'readyForQuery', length: 5, status })
  })
}
