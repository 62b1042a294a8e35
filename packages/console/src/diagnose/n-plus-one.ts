import type { Trace, TraceSpan } from '../model.js'
import { type Group, groups } from './calls.js'
import { isInSeveral } from './confirm.js'
import type { Courses } from './course.js'
import { count, counted, duration } from './figures.js'
import { loopFixes } from './fixes.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceOf,
  type Told,
} from './occurrence.js'
import { batchedNs, perKeyNs } from './batched.js'
import { byParameters } from './parameters.js'
import { type Change, goneBut } from './remedy.js'
import { eachCall, partOfRequest } from './sentences.js'
import { median, orderOf, rowsOf, unionNs, waitsAmong } from './timing.js'
import { inTransaction } from './transaction.js'

const settings = {
  /**
   * 5 calls: below that, code that happens to read one table for two or three reasons is more common
   * than a loop, and there is little to win. Sentry speaks from 5 as well.
   */
  calls: 5,
  /** Reads of this many rows or values at a time, this seldom, are chunks that somebody chose: a loop reads few. */
  chunkRows: 100,
  chunks: 50,
  /**
   * So many rows of a list of values are a batch that somebody made. Fewer, five times over, are what each of
   * several parents has: Parse Server fetches the three comments of each post so.
   */
  batchRows: 10,
  /** A page of a list that is read on and on has at least this many rows. */
  pageRows: 20,
}

const meta: DetectorMeta = {
  id: 'n-plus-one',
  title: 'Queries in a loop',
  why: 'Each call waits for its way to the database and back. One statement that takes all values at once waits once.',
  threshold: `${settings.calls} calls of one statement with different parameters in one request: fewer are rarely a loop.`,
  about: 'statement',
}

export const nPlusOne: Detector = {
  meta,
  detect,
  isConfirmed: isInSeveral,
  describe,
  fixes: loopFixes,
  remedy: { changes: asOne, how },
  inShort: ({ calls, order }) => `one loop: ${count(calls.length)} queries, ${inWords(order)}`,
}

export const inWords = (order: Occurrence['order']): string =>
  order === 'sequential' ? 'one after another' : 'several at a time'

function describe({ calls, typical }: Told): Description {
  const { distinct, order } = typical
  const different =
    distinct === null
      ? 'parameters not shown by the telemetry'
      : counted(distinct, 'different parameter')
  const noun = typical.reading.operation === 'select' ? 'queries' : 'writes'
  return [
    `${count(calls)} ${noun} in a loop`,
    [
      `${count(calls)} calls of one statement, ${different}, ${inWords(order)}.`,
      partOfRequest(typical),
      eachCall(typical),
    ],
  ]
}

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
      return rows.length === 0 || typicalRows >= settings.batchRows
    if (reading.pages)
      return reading.equals.length === 0 || (rows.length > 0 && typicalRows >= settings.pageRows)
    return typicalRows >= settings.chunkRows && calls.length <= settings.chunks
  }
  return reading.takesMany || typicalRows > 1 || inTransaction(calls, request, trace)
}

/** Of the calls the first stay until they have taken as long as one statement for all of them. */
function asOne(occurrence: Occurrence, courses: Courses): Change {
  const enoughNs = batchedNs(occurrence, courses)
  const stays = new Map<TraceSpan, number>()
  let takenNs = 0
  let untilNs = 0
  for (const call of occurrence.calls) {
    if (takenNs >= enoughNs) break
    const endNs = call.offsetNs + call.durationNs
    takenNs += Math.max(0, endNs - Math.max(untilNs, call.offsetNs))
    untilNs = Math.max(untilNs, endNs)
    stays.set(call, call.durationNs - Math.max(0, takenNs - enoughNs))
  }
  const others = goneBut(occurrence.calls, call => stays.has(call))
  return { lasting: new Map([...stays, ...others]) }
}

function how({ calls, typical, courses }: Told): string {
  const ms = duration(batchedNs(typical, courses) / 1e6)
  const keyMs = duration(perKeyNs(typical, courses) / 1e6)
  return `${count(calls)} calls become one of ${ms}: what one takes, and ${keyMs} for each further key. The code between them stays.`
}
