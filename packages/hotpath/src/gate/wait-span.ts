import type { Attributes } from '../trace/attributes.js'
import { OpenSpan } from '../trace/span.js'

/** A shorter wait is the tick that pools always take. */
const SHORTEST_WAIT_MS = 0.5

/** Somebody waited for a connection of a pool. */
export interface PoolWait {
  /** -1: a connection was there. */
  readonly startMs: number
  readonly endMs: number
  /** Asked for where a span comes of it. */
  poolName(): string
}

/**
 * Whether the wait is shown.
 *
 * @param parent The span in which somebody waited.
 */
export function isShown(
  { startMs, endMs }: PoolWait,
  parent: OpenSpan | undefined,
): parent is OpenSpan {
  if (startMs < 0 || endMs - startMs < SHORTEST_WAIT_MS) return false
  return parent !== undefined && !parent.trace.ended
}

/** A caller's wait for a connection is over: a span of the request that waited, if it did. */
export function waited(wait: PoolWait, parent: OpenSpan | undefined, failed: boolean): void {
  if (!isShown(wait, parent)) return
  const span = waitSpan(wait, parent)
  if (failed) span.status = 'error'
  parent.trace.hold(span)
  parent.trace.goesOn(wait.endMs)
}

/** What shows the wait; no trace holds it yet. */
export function waitSpan(wait: PoolWait, parent: OpenSpan): OpenSpan {
  const { trace } = parent
  const attributes: Attributes = {
    'hotpath.wait': 'connection',
    'db.client.connection.pool.name': wait.poolName(),
  }
  const span = new OpenSpan(trace, parent, 'internal', 'wait: connection', attributes, wait.startMs)
  span.endMs = wait.endMs
  return span
}

const LINE: Attributes = { 'hotpath.wait': 'line' }

/** A statement of this request was in the line of a connection behind statements of others. */
export function waitedInLine(parent: OpenSpan | undefined, startMs: number, nowMs: number): void {
  if (parent === undefined || parent.trace.ended || nowMs - startMs < SHORTEST_WAIT_MS) return
  const span = new OpenSpan(parent.trace, parent, 'internal', 'wait: line', LINE, startMs)
  // Not by `end`, which says that its code goes on: it waits for the statement now.
  span.endMs = nowMs
  parent.trace.hold(span)
}
