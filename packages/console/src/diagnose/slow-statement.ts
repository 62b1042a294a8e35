import type { FindingKind, Trace, TraceSpan } from '../model.js'
import { groups, statementOf } from './calls.js'
import { isInMost } from './confirm.js'
import {
  atPart,
  busyMsOf,
  type Course,
  type Courses,
  coursesIn,
  statementKey,
  stretchOf,
  wayMsOf,
} from './course.js'
import { count, counted, duration } from './figures.js'
import { hasIndexCandidate, slowFixes } from './fixes.js'
import { nPlusOne } from './n-plus-one.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceOf,
  type Told,
  type Weighed,
} from './occurrence.js'
import { scanOf } from './plan.js'
import type { Reading } from './reading.js'
import type { Change } from './remedy.js'
import { partOfRequest } from './sentences.js'
import { median, orderOf, rowsOf, unionNs } from './timing.js'

/**
 * Where the numbers come from. A look-up through an index reads a handful of pages: 0.05 to 0.5 ms in
 * the database, under 2 ms with a way there and back on one network. A scan of 200,000 rows that fit in
 * memory takes 12 to 60 ms. So 10 ms lies five times above the one and below the other.
 *
 * A client's clock also counts the time in which the client itself was busy: one route that blocks the
 * event loop stretches the quickest statement to 100 ms, now and then. But not always: of ten calls at
 * least one runs undisturbed, and shows what the statement costs by itself. A scan is never quick.
 * And a busy machine stretches all statements: eight callers and two other programs on two cores took
 * primary-key look-ups to 20 ms, with 3 ms for the quickest in ten. What most of the neighbours were
 * stretched by is therefore not the statement's.
 *
 * What is always asked together with others (`Promise.all`) never runs undisturbed: of real applications on
 * two busy cores (docs/real-applications.md) the quickest in ten of such look-ups took 3 to 7 ms.
 */
const settings = {
  /** The typical call takes at least this. */
  typicalMs: 10,
  /** A write waits for the disk: 1 to 20 ms for a commit are the disk's, not the statement's. */
  typicalWriteMs: 50,
  /** The quickest call in ten takes at least this part of it; a quicker one shows a busy machine. */
  quickPart: 0.3,
  /** Of statements that run beside others, and on a machine that stretches most of them to twice their time: all of it. */
  quickPartBusy: 1,
  stretched: 2,
  /** 100 rows a millisecond are read, sent and parsed on any machine: that time is the rows'. */
  rowMs: 0.01,
  /** What takes less of the request is not what makes it slow ... */
  share: 0.05,
  /** ... unless it takes this long. */
  longMs: 100,
  /** A look-up through an index takes less, with its way over one network. */
  lookUpMs: 2,
}

const meta: DetectorMeta = {
  id: 'slow-statement',
  title: 'Slow query',
  why: 'It reads far more than it returns, most often for want of an index: everybody waits for it each time.',
  threshold: `${settings.typicalMs} ms for the typical call, above the way to the database, what stretches its neighbours too, and ${settings.rowMs} ms a row: five times what a look-up through an index takes.`,
  about: 'statement',
}

export const slowStatement: Detector = {
  meta,
  detect: trace => slowCalls(meta.id, trace),
  isConfirmed: weighed => isSlowByItself(weighed) && scanOf(weighed.occurrences) === undefined,
  describe,
  fixes: slowFixes,
  remedy: { changes: lookedUp, how },
  inShort: ({ takenNs }) => `one slow query: ${duration(takenNs / 1e6)}`,
}

/**
 * Finds calls that took long in one request. One slow call proves nothing on a busy machine: `isSlow`
 * weighs all calls of the statement.
 */
export function slowCalls(kind: FindingKind, trace: Trace): readonly Occurrence[] {
  const loops = new Set(nPlusOne.detect(trace).flatMap(occurrence => occurrence.calls))
  return groups(trace).flatMap(group => {
    const calls = group.calls.filter(
      call => ownMs(call) >= thresholdMs(group.reading) && !isFirstOnConnection(call),
    )
    const takenNs = unionNs(calls)
    if (calls.length === 0 || calls.some(call => loops.has(call))) return []
    if (takenNs < settings.share * group.request.durationNs && takenNs < settings.longMs * 1e6)
      return []
    return [
      {
        ...occurrenceOf(kind, trace, group),
        calls,
        distinct: null,
        order: orderOf(calls),
        takenNs,
      },
    ]
  })
}

/** Whether all of its calls say that it is slow, and not the machine. */
export function isSlowByItself(weighed: Weighed): boolean {
  const { occurrences, courses } = weighed
  const [first] = occurrences
  const course = first && courses.get(statementKey(first.service, first.subject))
  if (!isInMost(weighed) || !course) return false
  const others = coursesIn(courses, first.service, course)
  const rows = median(occurrences.flatMap(({ calls }) => rowsOf(calls)))
  const isBusy = runsBeside(occurrences) || stretchOf(others) >= settings.stretched
  const quickPart = isBusy ? settings.quickPartBusy : settings.quickPart
  return isSlow(first.reading, course, rows, others, quickPart)
}

/** Whether other statements of its request run for half of the time of most calls. */
function runsBeside(occurrences: readonly Occurrence[]): boolean {
  const calls = occurrences.flatMap(({ calls }) => calls)
  const beside = calls.filter(call => besideNs(call) * 2 >= call.durationNs)
  return beside.length * 2 > calls.length
}

function besideNs(call: TraceSpan): number {
  const endNs = call.offsetNs + call.durationNs
  const others = (call.parent?.children ?? []).filter(
    span => span !== call && statementOf(span) !== undefined,
  )
  return unionNs(
    others.flatMap(span => {
      const offsetNs = Math.max(call.offsetNs, span.offsetNs)
      const durationNs = Math.min(endNs, span.offsetNs + span.durationNs) - offsetNs
      return durationNs > 0 ? [{ ...span, offsetNs, durationNs }] : []
    }),
  )
}

/** What the typical call takes, and of how many calls that is known. */
export function typicalOf({ typical, courses }: Told) {
  const course = courses.get(statementKey(typical.service, typical.subject))
  const ms = course?.typicalMs ?? median(typical.calls.map(call => call.durationNs / 1e6))
  return { course, ms, all: course ? ` (median of ${counted(course.calls, 'call')})` : '' }
}

function describe(told: Told): Description {
  const { calls, typical } = told
  const { course, ms, all } = typicalOf(told)
  const rows = rowsOf(typical.calls)
  const returned = rows.length === 0 ? undefined : counted(median(rows), 'row')
  const returns = returned === undefined ? '' : `, returns ${returned}`
  return [
    `Slow query: ${duration(ms)}${returned === undefined ? '' : ` for ${returned}`}`,
    [
      `It takes ${duration(ms)}${all}${returns}; a look-up through an index takes under 2\u2009ms.`,
      ...(course
        ? [
            `Even its quickest calls take ${duration(course.quickMs)}: it is not the machine's load.`,
          ]
        : []),
      ...(calls > 1 ? [`It is called ${count(calls)} times in one request.`] : []),
      partOfRequest(typical),
    ],
  ]
}

/**
 * Whether a statement is slow by itself, from all of its calls and from those of the other statements
 * of its service: the quickest of them is as far from the database as this one, and what stretches
 * most of them stretches this one.
 */
function isSlow(
  reading: Reading,
  course: Course,
  rows: number,
  others: readonly Course[],
  quickPart: number,
): boolean {
  const wayMs = wayMsOf(others)
  const busyMs = busyMsOf(others)
  const typicalMs = course.typicalMs - wayMs - busyMs - rows * settings.rowMs
  const quickMs = course.quickMs - wayMs - rows * settings.rowMs
  const threshold = thresholdMs(reading)
  return typicalMs >= threshold && quickMs >= quickPart * threshold
}

function thresholdMs({ operation }: Reading): number {
  return operation === 'select' ? settings.typicalMs : settings.typicalWriteMs
}

/**
 * A new connection reads the catalog for its first statement: 5 to 20 ms that are the connection's, and
 * that the next one does not take.
 */
function isFirstOnConnection(call: TraceSpan): boolean {
  const siblings = call.parent?.children ?? []
  const before = siblings.slice(0, siblings.indexOf(call))
  const last = before.findLast(span => span.kind === 'client' || isConnect(span))
  return last !== undefined && isConnect(last)
}

const isConnect = ({ attributes }: TraceSpan): boolean => attributes['hotpath.connect'] === true

function ownMs(call: TraceSpan): number {
  const rows = call.attributes['db.response.returned_rows']
  return call.durationNs / 1e6 - (typeof rows === 'number' ? rows * settings.rowMs : 0)
}

/** Where an index can be named that may serve it, its calls become look-ups. */
export function lookedUp(
  { reading, calls, service }: Occurrence,
  courses: Courses,
): Change | undefined {
  if (!hasIndexCandidate(reading)) return undefined
  return { lasting: new Map(calls.map(call => [call, lookUpMs(call, service, courses) * 1e6])) }
}

/** The most that a look-up takes, above the way of the quickest statement and with its rows. */
function lookUpMs(call: TraceSpan, service: string, courses: Courses): number {
  const rows = rowsOf([call])[0] ?? 0
  const ways = coursesIn(courses, service).map(({ quickMs }) => quickMs)
  return settings.lookUpMs + atPart(0, ways) + rows * settings.rowMs
}

function how(told: Told): string {
  const { typical } = told
  if (typical.calls.length === 0 || !hasIndexCandidate(typical.reading))
    return 'What it could take, only its plan tells: nothing is predicted before that.'
  return `${lookUpText(told)} That the index serves it was not verified.`
}

/** What it takes as a look-up, and where that number comes from. */
export function lookUpText({ typical, courses }: Told): string {
  const [call] = typical.calls
  if (call === undefined) return ''
  const ms = duration(lookUpMs(call, typical.service, courses))
  return `As a look-up through an index it takes ${ms} at most: ${settings.lookUpMs}\u2009ms above the way to the database, and ${settings.rowMs}\u2009ms a row.`
}
