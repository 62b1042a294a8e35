import { type CallSite, captureCallSite } from './call-site.js'
import { caught } from './counts.js'
import type { RouteStats } from './routes.js'
import type { OpenSpan } from './span.js'

/**
 * Notes where in the app's code `span` was asked for, if it is one that should tell: the first few of
 * their kind on a route, and few of the others. The rest are given the same place when they leave, as
 * long as all agreed (`siteOf`). Call it where the app's frames are still on the stack.
 */
export function takeSite(span: OpenSpan): void {
  try {
    span.site = captureFor((span.trace.root ?? span).stats(), span.siteKey())
  } catch {
    caught('trace.site')
  }
}

/** The place of the call that runs now, when `stats` wants it. `what` tells kinds of calls apart. */
export function captureFor(stats: RouteStats, what: string): CallSite | undefined {
  if (!stats.wantsSite(what)) return undefined
  const site = captureCallSite()
  if (site !== undefined) stats.noteSite(what, site)
  return site
}

/** Where a span was asked for: as captured, else where all of its kind that were looked at were. */
export function siteOf(span: OpenSpan): CallSite | undefined {
  return span.site ?? (span.trace.root ?? span).stats().onlySite(span.siteKey())
}
