import { captureCallSite } from './call-site.js'
import { caught } from './counts.js'
import type { OpenSpan } from './span.js'

/**
 * Notes where in the app's code `span` was asked for, if it is one of the first few of its kind on
 * its route: a capture costs 3 us, and the fifth says what the first said. `what` tells kinds apart:
 * the statement's template, the call's name. Call it where the app's frames are still on the stack.
 */
export function takeSite(span: OpenSpan, what: string): void {
  try {
    const root = span.trace.root ?? span
    if (root.stats().wantsSite(what)) span.site = captureCallSite()
  } catch {
    caught('trace.site')
  }
}
