import type { Trace, TraceSpan } from '../model.js'
import { type Group, groups, statementOf } from './calls.js'
import { type Detector, type DetectorMeta, type Occurrence, occurrenceOf } from './occurrence.js'
import { byParameters } from './parameters.js'
import { median, orderOf, rowsOf, unionNs, waitsAmong } from './timing.js'

const settings = {
  /**
   * 5 calls: below that, code that happens to read one table for two or three reasons is more common
   * than a loop, and there is little to win. Sentry speaks from 5 as well.
   */
  calls: 5,
  /** Reads of this many rows or values at a time, this seldom, are chunks that somebody chose: a loop reads few. */
  chunkRows: 100,
  chunks: 50,
  /** A page of a list that is read on and on has at least this many rows. */
  pageRows: 20,
}

const meta: DetectorMeta = {
  id: 'n-plus-one',
  title: 'Queries in a loop',
  why: 'Each call waits for its way to the database and back. One statement that takes all values at once waits once.',
  threshold: `${settings.calls} calls of one statement with different parameters in one request: fewer are rarely a loop.`,
}

export const nPlusOne: Detector = { meta, detect }

/**
 * Finds the same statement, called at least five times in one request with different parameters: one
 * after another or at the same time, also with other statements and waits in between.
 */
function detect(trace: Trace): readonly Occurrence[] {
  return groups(trace).flatMap(group => {
    const distinct = distinctParameters(group.calls)
    if (group.calls.length < settings.calls || (distinct ?? Infinity) < settings.calls) return []
    if (isDeliberate(group, trace)) return []
    return [
      {
        ...occurrenceOf(meta.id, trace, group),
        calls: group.calls,
        distinct,
        order: orderOf(group.calls),
        takenNs: unionNs([...group.calls, ...waitsAmong(group.calls)]),
      },
    ]
  })
}

/** Null when telemetry shows the parameters of none of the calls: then they are taken as different. */
function distinctParameters(calls: readonly TraceSpan[]): number | null {
  const sets = byParameters(calls)
  return sets.size === 0 ? null : sets.size
}

/** What looks like a loop and is a choice: many values or many rows at a time, or one transaction. */
function isDeliberate({ reading, calls, request }: Group, trace: Trace): boolean {
  const rows = rowsOf(calls)
  const typicalRows = median(rows)
  // `tenant_id = $1 and id > $2 limit 1000` pages; `user_id = $1 and at > $2 limit 10` is a loop.
  if (reading.operation === 'select') {
    if (reading.takesMany && reading.equals.length === 0 && calls.length <= settings.chunks)
      return rows.length === 0 || typicalRows > 1
    if (reading.pages)
      return reading.equals.length === 0 || (rows.length > 0 && typicalRows >= settings.pageRows)
    return typicalRows >= settings.chunkRows && calls.length <= settings.chunks
  }
  return reading.takesMany || typicalRows > 1 || inTransaction(calls, request, trace)
}

/** True when a transaction was open from before the first call until after the last. */
function inTransaction(calls: readonly TraceSpan[], request: TraceSpan, trace: Trace): boolean {
  const first = calls[0]?.offsetNs ?? 0
  const last = calls.at(-1)?.offsetNs ?? 0
  let beganNs = -1
  const endsNs: number[] = []
  for (const span of trace.spans) {
    const text = span.service === request.service ? statementOf(span) : undefined
    if (text === undefined) continue
    if (/^\s*(?:begin|start\s+transaction)\b/i.test(text)) {
      if (span.offsetNs <= first) beganNs = Math.max(beganNs, span.offsetNs)
    } else if (/^\s*(?:commit|rollback(?!\s+to)|end)\b/i.test(text)) endsNs.push(span.offsetNs)
  }
  const endedNs = Math.min(...endsNs.filter(endNs => endNs >= beganNs))
  return beganNs >= 0 && endedNs >= last && endedNs < Infinity
}
