import type { Fix, Trace, TraceSpan } from '../model.js'
import { groups } from './calls.js'
import { isInMost } from './confirm.js'
import { count, counted, duration } from './figures.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceOf,
  type Told,
} from './occurrence.js'
import type { Change } from './remedy.js'
import { spansUnder } from './request.js'
import { partOfRequest } from './sentences.js'
import { median, orderOf, rowsOf, unionNs } from './timing.js'

const settings = {
  /**
   * Nobody reads 2,000 rows, and to read, send, parse and write them keeps the event loop for some 20 ms,
   * in which every other request waits. Lists of a few hundred (countries, a menu) are whole on purpose.
   */
  rows: 2_000,
  /** A page. */
  pageRows: 100,
  /** To read, send and parse a row takes so long on any machine. */
  rowNs: 10_000,
}

const meta: DetectorMeta = {
  id: 'unbounded-list',
  title: 'A list without a limit',
  why: 'It takes more time and memory with each row that the table gets, until it takes the process down.',
  threshold: `${count(settings.rows)} rows from one SELECT without a LIMIT: some 20 ms of the event loop, in which every other request waits.`,
  about: 'statement',
}

export const unboundedList: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: { changes: inPages, how },
  inShort: ({ calls, takenNs }) =>
    `a list of ${counted(median(rowsOf(calls)), 'row')}: ${duration(takenNs / 1e6)}`,
}

/** Finds reads that return a whole table or most of it: to read the rows, and what the request does with them next. */
function detect(trace: Trace): readonly Occurrence[] {
  return groups(trace).flatMap(group => {
    const { operation, limited } = group.reading
    if (operation !== 'select' || limited) return []
    const calls = group.calls.filter(call => (rowsOf([call])[0] ?? 0) >= settings.rows)
    if (calls.length === 0) return []
    return [
      {
        ...occurrenceOf(meta.id, trace, group),
        calls,
        distinct: null,
        order: orderOf(calls),
        takenNs: unionNs(calls.map(call => withWorkAfter(call, group.request, trace.spans))),
      },
    ]
  })
}

/** The call, longer by the time after it in which the request did nothing that a span shows: it worked on the rows. */
export function withWorkAfter(
  call: TraceSpan,
  request: TraceSpan,
  spans: readonly TraceSpan[],
): TraceSpan {
  const endNs = call.offsetNs + call.durationNs
  let untilNs = request.offsetNs + request.durationNs
  for (const { offsetNs, service, attributes } of spans)
    if (service === call.service && offsetNs >= endNs && attributes['hotpath.blocked'] !== true)
      untilNs = Math.min(untilNs, offsetNs)
  return { ...call, durationNs: call.durationNs + Math.max(0, untilNs - endNs) }
}

function describe({ occurrences, typical }: Told): Description {
  const rows = median(occurrences.flatMap(({ calls }) => rowsOf(calls)))
  return [
    `A list of ${counted(rows, 'row')} without a limit`,
    [
      `One SELECT without a LIMIT returns ${counted(rows, 'row')} (median): all that there are, and more as the table grows.`,
      partOfRequest(typical),
    ],
  ]
}

function fixes({ reading }: Occurrence): Fix[] {
  const table = reading.table ?? 'the table'
  return [
    {
      kind: 'code',
      title: 'Give it in pages',
      note: 'By a key and not by OFFSET, which reads all rows before the page again. Callers that need everything get it as a stream.',
      text: `Let the caller ask for rows after a key, with a limit that the API sets: "... where id > $1 order by id limit 100" on ${table}, and the last id in the answer. A list that is ordered by another column has it in front of the key in both places.`,
    },
  ]
}

/** A page of rows instead of all: of what comes with each row the part of a page is left. */
function inPages({ calls, request }: Occurrence): Change {
  const lasting = new Map<TraceSpan, number>()
  const behind = new Map<TraceSpan, number>()
  const spans = spansUnder(request)
  for (const call of calls) {
    const rows = rowsOf([call])[0] ?? 0
    const left = settings.pageRows / Math.max(settings.pageRows, rows)
    const lessNs = (rows - settings.pageRows) * settings.rowNs
    lasting.set(call, Math.max(left * call.durationNs, call.durationNs - lessNs))
    behind.set(call, left)
    const { offsetNs, durationNs } = withWorkAfter(call, request, spans)
    for (const span of spans) {
      const isWork = span.attributes['hotpath.blocked'] === true
      if (!isWork || span.offsetNs < call.offsetNs || span.offsetNs > offsetNs + durationNs)
        continue
      lasting.set(span, left * span.durationNs)
      behind.set(span, left)
    }
  }
  return { lasting, behind }
}

function how({ typical: { calls } }: Told): string {
  const rows = count(median(rowsOf(calls)))
  return `A page of ${settings.pageRows} rows comes instead of ${rows}: the statement takes ${duration(settings.rowNs / 1e6)} less for each row, and the work on the rows shrinks with them. Who needs all rows asks more often.`
}
