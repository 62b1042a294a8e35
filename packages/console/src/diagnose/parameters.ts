import type { TraceSpan } from '../model.js'
import { reading } from './reading.js'
import { statementOf } from './calls.js'

/**
 * What tells a call's parameters from another's: our recorder's hash, or the literals in the text of
 * foreign telemetry. Undefined when the call has parameters that telemetry does not show, or that our
 * recorder could not compare (`unknown`).
 */
export function parametersOf(call: TraceSpan): string | undefined {
  const hash = call.attributes['hotpath.params.hash']
  const { literals, hasParameters } = reading(statementOf(call) ?? '')
  if (hash === 'unknown') return undefined
  if (typeof hash === 'string') return `${call.instance} ${hash} ${literals}`
  return hasParameters ? undefined : literals
}

/** Calls by their parameters; what telemetry does not tell is left out. */
export function byParameters(calls: readonly TraceSpan[]): Map<string, TraceSpan[]> {
  const sets = new Map<string, TraceSpan[]>()
  for (const call of calls) {
    const parameters = parametersOf(call)
    if (parameters === undefined) continue
    const set = sets.get(parameters)
    if (set) set.push(call)
    else sets.set(parameters, [call])
  }
  return sets
}
