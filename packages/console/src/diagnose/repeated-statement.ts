import type { Trace, TraceSpan } from '../model.js'
import { type Group, groups } from './calls.js'
import { isInSeveral } from './confirm.js'
import { count } from './figures.js'
import { askOnce } from './fixes.js'
import { nPlusOne } from './n-plus-one.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceOf,
  type Told,
} from './occurrence.js'
import { byParameters } from './parameters.js'
import { goneBut } from './remedy.js'
import { eachCall, partOfRequest } from './sentences.js'
import { median, orderOf, unionNs, waitsAmong } from './timing.js'

const settings = {
  /** 3 times: twice is often the check before a write and the answer after it. */
  times: 3,
  /** From 100 ms of waiting between two calls on, somebody waits for something to change: a poll. */
  pollGapNs: 100_000_000,
}

const meta: DetectorMeta = {
  id: 'repeated-statement',
  title: 'The same query again',
  why: 'The same statement with the same parameters, asked again within one request, brings the same answer.',
  threshold: `${settings.times} times the same in one request: twice is often a check before a write and the answer after it.`,
  about: 'statement',
}

export const repeatedStatement: Detector = {
  meta,
  detect,
  isConfirmed: isInSeveral,
  describe,
  fixes: ({ reading }) => [askOnce(reading)],
  remedy: {
    changes: ({ calls, answers = [] }) => {
      const stays = new Set(answers)
      return { lasting: goneBut(calls, call => stays.has(call)) }
    },
    how: ({ calls, typical: { answers = [] } }) =>
      `Of ${count(calls)} calls ${count(answers.length)} ${answers.length === 1 ? 'stays' : 'stay'}, the first with ${answers.length === 1 ? 'its' : 'each set of'} parameters; the others are answered from it.`,
  },
  inShort: ({ calls }) => `the same query, asked ${count(calls.length)} times`,
}

function describe({ calls, typical }: Told): Description {
  const sets = typical.distinct ?? 1
  return [
    `The same query ${count(calls)} times`,
    [
      sets === 1
        ? `${count(calls)} calls of one statement with the same parameters: one answer would do.`
        : `${count(calls)} calls of one statement with ${count(sets)} sets of parameters: ${count(sets)} answers would do.`,
      partOfRequest(typical),
      eachCall(typical),
    ],
  ]
}

/** Finds a read that is repeated with the same parameters in one request. */
function detect(trace: Trace): readonly Occurrence[] {
  const loops = new Set(nPlusOne.detect(trace).flatMap(occurrence => occurrence.calls))
  return groups(trace).flatMap(group => {
    // Without a table it is a question to the session: nextval(), now(), a lock. Its answer changes.
    const { operation, table, locks } = group.reading
    if (operation !== 'select' || table === undefined || locks) return []
    if (group.calls.some(call => loops.has(call))) return []
    const writesNs = writesTo(table, group, trace)
    const sets = [...byParameters(group.calls).values()]
      .flatMap(calls => between(writesNs, calls))
      .filter(calls => calls.length >= settings.times && !isPoll(calls, group))
    const calls = sets.flat().sort((a, b) => a.offsetNs - b.offsetNs)
    if (calls.length === 0) return []
    return [
      {
        ...occurrenceOf(meta.id, trace, group),
        calls,
        answers: sets.flatMap(([first]) => (first ? [first] : [])),
        distinct: sets.length,
        order: orderOf(calls),
        takenNs: unionNs([...calls, ...waitsAmong(calls)]),
      },
    ]
  })
}

/** When the request wrote to a table: what it reads after that is another answer. */
function writesTo(table: string, { request }: Group, trace: Trace): number[] {
  const name = table.toLowerCase()
  return groups(trace)
    .filter(
      ({ reading, request: other }) =>
        other === request &&
        reading.operation !== 'select' &&
        reading.table?.toLowerCase() === name,
    )
    .flatMap(({ calls }) => calls.map(call => call.offsetNs))
}

/** The calls, by start, parted at the writes. */
function between(writesNs: readonly number[], calls: readonly TraceSpan[]): TraceSpan[][] {
  const parts = new Map<number, TraceSpan[]>()
  for (const call of calls) {
    const before = writesNs.filter(at => at <= call.offsetNs).length
    const part = parts.get(before)
    if (part) part.push(call)
    else parts.set(before, [call])
  }
  return [...parts.values()]
}

/** True when the typical gap between two calls is a long one in which the request did nothing else. */
function isPoll(calls: readonly TraceSpan[], { request }: Group): boolean {
  const idleNs = calls.slice(1).map((call, i) => {
    const before = calls[i] as TraceSpan
    const from = before.offsetNs + before.durationNs
    const gapNs = call.offsetNs - from
    if (gapNs < settings.pollGapNs) return gapNs
    return gapNs - busyNs(request.children, from, call.offsetNs)
  })
  return median(idleNs) >= settings.pollGapNs
}

function busyNs(spans: readonly TraceSpan[], from: number, until: number): number {
  const inside = spans.flatMap(span => {
    const start = Math.max(from, span.offsetNs)
    const end = Math.min(until, span.offsetNs + span.durationNs)
    return end > start ? [{ ...span, offsetNs: start, durationNs: end - start }] : []
  })
  return unionNs(inside)
}
