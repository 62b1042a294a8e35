import type { Attributes } from '../trace/attributes.js'
import { recorder } from '../trace/recorder.js'
import { OpenSpan } from '../trace/span.js'

/** A shorter wait is the tick that pools always take. */
const SHORTEST_WAIT_MS = 0.5

/**
 * A caller's wait for a connection is over: a span of the request that waited, if it did.
 *
 * @param pool Gives its name, where a span comes of it.
 */
export function waited(
  parent: OpenSpan | undefined,
  startMs: number,
  failed: boolean,
  pool: () => string,
): void {
  if (parent === undefined || parent.trace.ended) return
  if (recorder.now() - startMs < SHORTEST_WAIT_MS) return
  const attributes: Attributes = {
    'hotpath.wait': 'connection',
    'db.client.connection.pool.name': pool(),
  }
  const span = new OpenSpan(parent.trace, parent, 'internal', 'wait: connection', attributes)
  span.startMs = startMs
  parent.trace.hold(span)
  span.end(failed ? 'error' : 'unset')
}

/** A statement of this request was in the line of a connection behind statements of others. */
export function waitedInLine(parent: OpenSpan | undefined, startMs: number, nowMs: number): void {
  if (parent === undefined || parent.trace.ended || nowMs - startMs < SHORTEST_WAIT_MS) return
  const span = new OpenSpan(parent.trace, parent, 'internal', 'wait: line', {
    'hotpath.wait': 'line',
  })
  span.startMs = startMs
  // Not by `end`, which says that its code goes on: it waits for the statement now.
  span.endMs = nowMs
  parent.trace.hold(span)
}
