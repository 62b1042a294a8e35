import type { Histogram, Trace, TraceSpan } from '../model.js'
import { groups } from './calls.js'
import { nPlusOne } from './n-plus-one.js'
import { type Detector, type DetectorMeta, type Occurrence, occurrenceOf } from './occurrence.js'
import { enough, quantile } from './quantile.js'
import type { Reading } from './reading.js'
import { middleOf, orderOf, unionNs } from './timing.js'

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
 */
const settings = {
  /** The typical call takes at least this. */
  typicalMs: 10,
  /** A write waits for the disk: 1 to 20 ms for a commit are the disk's, not the statement's. */
  typicalWriteMs: 50,
  /** The quickest call in ten takes at least this part of it; a quicker one shows a busy machine. */
  quickPart: 0.3,
  /** 100 rows a millisecond are read, sent and parsed on any machine: that time is the rows'. */
  rowMs: 0.01,
  /** What takes less of the request is not what makes it slow ... */
  share: 0.05,
  /** ... unless it takes this long. */
  longMs: 100,
  /** From so many other statements on, they show how far away the database is, and how busy we are. */
  neighbours: 3,
  /** This part of the neighbours may be stretched by less than what counts as the machine's. */
  calmPart: 0.25,
}

const meta: DetectorMeta = {
  id: 'slow-statement',
  title: 'Slow query',
  why: 'It reads far more than it returns, most often for want of an index: everybody waits for it each time.',
  threshold: `${settings.typicalMs} ms for the typical call, above the way to the database, what stretches its neighbours too, and ${settings.rowMs} ms a row: five times what a look-up through an index takes.`,
}

export const slowStatement: Detector = { meta, detect }

/**
 * Finds calls that took long in one request. One slow call proves nothing on a busy machine: `isSlow`
 * weighs all calls of the statement.
 */
function detect(trace: Trace): readonly Occurrence[] {
  const loops = new Set(nPlusOne.detect(trace).flatMap(occurrence => occurrence.calls))
  return groups(trace).flatMap(group => {
    const calls = group.calls.filter(call => ownMs(call) >= thresholdMs(group.reading))
    const takenNs = unionNs(calls)
    if (calls.length === 0 || calls.some(call => loops.has(call))) return []
    if (takenNs < settings.share * group.request.durationNs && takenNs < settings.longMs * 1e6)
      return []
    return [
      {
        ...occurrenceOf(meta.id, trace, group),
        calls,
        distinct: null,
        order: orderOf(calls),
        takenNs,
      },
    ]
  })
}

/** How all calls of a statement went, in milliseconds. */
export interface Course {
  readonly calls: number
  readonly typicalMs: number
  /** One call in ten is at least as quick. */
  readonly quickMs: number
}

/** From the histogram of all calls, or when those are few from the calls in each sampled trace, in milliseconds. */
export function courseOf(
  histogram: Histogram,
  sampledMs: readonly Float64Array[],
): Course | undefined {
  if (histogram.count >= enough)
    return {
      calls: histogram.count,
      typicalMs: (quantile(histogram, 0.5) ?? 0) * 1e3,
      quickMs: (quantile(histogram, 0.1) ?? 0) * 1e3,
    }
  const ms = inOrder(sampledMs)
  if (ms.length === 0) return undefined
  return { calls: ms.length, typicalMs: middleOf(ms), quickMs: ms[0] ?? 0 }
}

/** 20,000 numbers in 2 ms. */
function inOrder(lists: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  return all.sort()
}

/**
 * Whether a statement is slow by itself, from all of its calls and from those of the other statements
 * of its service: the quickest of them is as far from the database as this one, and what stretches
 * most of them stretches this one.
 */
export function isSlow(
  reading: Reading,
  course: Course,
  rows: number,
  others: readonly Course[],
): boolean {
  const compared = others.length < settings.neighbours ? [] : others
  const wayMs = atPart(
    0,
    compared.map(other => other.quickMs),
  )
  const busyMs = atPart(
    settings.calmPart,
    compared.map(other => other.typicalMs - other.quickMs),
  )
  const typicalMs = course.typicalMs - wayMs - busyMs - rows * settings.rowMs
  const quickMs = course.quickMs - wayMs - rows * settings.rowMs
  const threshold = thresholdMs(reading)
  return typicalMs >= threshold && quickMs >= settings.quickPart * threshold
}

/** The value that this part of the others is below; 0 when there are none. */
function atPart(part: number, values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(part * values.length)] ?? 0
}

function thresholdMs({ operation }: Reading): number {
  return operation === 'select' ? settings.typicalMs : settings.typicalWriteMs
}

function ownMs(call: TraceSpan): number {
  const rows = call.attributes['db.response.returned_rows']
  return call.durationNs / 1e6 - (typeof rows === 'number' ? rows * settings.rowMs : 0)
}
