/** What the recorder says of itself: it leaves as `hotpath.recorder.dropped` and `.errors`. */
export interface Counts {
  /** Keys are `what reason`, such as `spans ring`. */
  readonly dropped: Map<string, number>
  /** Keys are the place of ours in which an exception was caught. */
  readonly errors: Map<string, number>
}

/** What can be dropped, and why; both go out as attributes, so both are few. */
export type DroppedWhat = 'spans' | 'series' | 'metrics'
export type DroppedReason =
  /** The trace is over its cap. */
  | 'trace'
  /** The open traces together are over theirs. */
  | 'open'
  /** It began after the end of its trace, when the spans of this second were spent. */
  | 'late'
  /** The ring of kept traces was full. */
  | 'ring'
  /** The worker's queue was full: the console is absent or slow. */
  | 'queue'
  /** The other side refused it. */
  | 'rejected'
  /** An exception of ours while the worker encoded it, together with what was in one body with it. */
  | 'encode'
  /** There are more series than are kept; these went to the overflow series. */
  | 'overflow'
  /** The worker ended with it. */
  | 'worker'

export const counts: Counts = { dropped: new Map(), errors: new Map() }

export function countDropped(what: DroppedWhat, reason: DroppedReason, n: number): void {
  if (n > 0) add(counts.dropped, `${what} ${reason}`, n)
}

/** Counts an exception of ours. The message is not kept: it may quote a value of the user's. */
export function caught(where: string): void {
  add(counts.errors, where, 1)
}

/**
 * Runs our own code on behalf of the app: an exception of ours is counted under `where` and does
 * not reach the app. Never wrap the app's own function in it, its exceptions are the app's.
 *
 *     contained('observe.express', () => recorder.setRoute(template))
 */
export function contained<T>(where: string, fn: () => T): T | undefined {
  try {
    return fn()
  } catch {
    caught(where)
    return undefined
  }
}

function add(counter: Map<string, number>, key: string, n: number): void {
  counter.set(key, (counter.get(key) ?? 0) + n)
}
