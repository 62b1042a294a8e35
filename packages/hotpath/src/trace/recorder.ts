/**
 * The recorder's API for everything that watches or gates (observe/, gate/). An observer needs:
 *
 *     recorder.current()                             the span in which the app's code runs
 *     recorder.startSpan(kind, name, attributes?)    a child of it; with no trace, a trace of its own
 *     span.end(status?, attributes?)                 idempotent
 *     span.context()                                 { traceId, spanId, sampled }, made when asked
 *     recorder.runIn(span, fn)                       run fn with the span as the parent
 *     recorder.setRoute(template)                    names the route; null: a framework has none
 *     onModule(suffix, patch)                        trace/module-load.ts: after a module's code ran
 *     contained(where, fn), caught(where)            trace/counts.ts: our exceptions stay ours
 *     injection(span, hasTraceparent)                trace/propagation.ts: the header to send
 *     recorder.enabled                               false: let everything pass untouched
 */
import { clock } from '../clock.js'
import type { Attributes } from './attributes.js'
import { context } from './context.js'
import { keeper } from './keeper.js'
import { ActiveTrace, OpenSpan, type SpanKind } from './span.js'

export type { Attributes } from './attributes.js'
export type { SpanKind } from './span.js'
export { ActiveTrace, OpenSpan } from './span.js'

export const recorder = {
  /** Checked at the gates and by observers before they do anything. */
  enabled: true,

  /** The clock of spans, ms. */
  now: clock.now,

  /** The span that the async context holds; undefined outside of any trace. */
  current(): OpenSpan | undefined {
    return context.getStore()
  },

  /**
   * Starts a span below the current one. With no trace, or one that ended long ago, the span is the
   * root of its own.
   */
  startSpan(kind: SpanKind, name: string, attributes?: Attributes): OpenSpan {
    const parent = this.parent()
    if (parent === undefined) {
      const trace = new ActiveTrace(keeper)
      return trace.begin(new OpenSpan(trace, undefined, kind, name, attributes))
    }
    const span = new OpenSpan(parent.trace, parent, kind, name, attributes)
    parent.trace.hold(span)
    return span
  },

  /** The span below which a new one belongs. */
  parent(): OpenSpan | undefined {
    return recorder.parentOf(context.getStore())
  },

  /** The same for a span that was current elsewhere. */
  parentOf(span: OpenSpan | undefined): OpenSpan | undefined {
    if (span === undefined) return undefined
    return span.trace.ended && span.trace.isPast(clock.now()) ? undefined : span
  },

  /** Runs `fn` with `span` as the parent; undefined runs it outside of any trace. */
  runIn<T>(span: OpenSpan | undefined, fn: () => T): T {
    return context.run(span, fn)
  },

  /**
   * Names the route of the current request: `recorder.setRoute('/users/:id')`. Null says that a
   * framework handles this request and has no route for it, so that none is guessed from the path.
   * The last call before the end of the response holds.
   */
  setRoute(template: string | null): void {
    const span = context.getStore()
    if (span !== undefined && !span.trace.ended) span.trace.route = template
  },
}
