import type { Template } from '../sql/template.js'
import { context } from '../trace/context.js'
import { keeper } from '../trace/keeper.js'
import { recorder } from '../trace/recorder.js'
import { takeSite } from '../trace/site.js'
import { ActiveTrace } from '../trace/span.js'
import { type HandedOver, instant } from './pg-site.js'
import { isShown } from './wait-span.js'
import { type Database, StatementSpan, statementOf } from './statement-span.js'

/**
 * The span of a statement, below the span of who asked for it; with no trace, the root of its own.
 *
 * @param values Its parameters; undefined: there are none.
 * @param handed What the pool's own `query` hands over; undefined: the app makes the call.
 */
export function openStatement(
  template: Template,
  database: Database,
  values: readonly unknown[] | undefined,
  handed: HandedOver | undefined,
): StatementSpan {
  const caller = handed === undefined ? context.getStore() : handed.span
  const parent = recorder.parentOf(caller)
  const trace = parent?.trace ?? new ActiveTrace(keeper)
  const startMs = handed === undefined ? recorder.now() : instant()
  const span = new StatementSpan(
    trace,
    parent,
    caller,
    statementOf(template, database.system),
    database,
    values,
    template.data,
    startMs,
  )
  if (parent === undefined) trace.begin(span)
  else trace.hold(span)
  if (handed === undefined) takeSite(span)
  else {
    if (isShown(handed, parent)) span.wait = handed
    span.site = handed.carried.site
    span.awaited = handed.carried.promised
  }
  return span
}
