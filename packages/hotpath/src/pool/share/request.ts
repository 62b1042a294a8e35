import { clock } from '../../clock.js'
import { caught } from '../../trace/counts.js'
import { recorder } from '../../trace/recorder.js'
import type { ActiveTrace } from '../../trace/span.js'

/**
 * An app ends its client in a `finally` that may run after the answer has gone. What is ended later
 * than this was not made for the request alone.
 */
const LATE_MS = 1000

/** The request in which the app's code runs now. */
export function requestOf(): ActiveTrace | undefined {
  try {
    const trace = recorder.current()?.trace
    return trace?.root?.kind === 'server' && !trace.ended ? trace : undefined
  } catch {
    caught('pool.share')
    return undefined
  }
}

/** Whether what was made for the request lives longer than it does. */
export function hasOutlived({ ended, root }: ActiveTrace): boolean {
  return ended && root !== undefined && clock.now() - root.endMs > LATE_MS
}
