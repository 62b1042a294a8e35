import { caught } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'

/**
 * Runs what puts an answer into bytes, and notes how long that takes until the answer ends. What puts off
 * the end (compression, a session, a hook that waits) is not counted: it must come before `write` returns.
 * Two looks at the clock, 0.1 us.
 */
export function whileSerialising<T>(write: () => T): T {
  const trace = currentTrace()
  if (trace !== undefined) trace.serialisingMs = recorder.now()
  try {
    return write()
  } finally {
    if (trace !== undefined) trace.serialisingMs = -1
  }
}

function currentTrace() {
  try {
    const trace = recorder.current()?.trace
    return trace?.ended === false ? trace : undefined
  } catch {
    caught('observe.serialising')
    return undefined
  }
}
