import type { Fix, Trace, TraceSpan } from '../model.js'
import { figureOf, transfer } from './answers.js'
import { groups } from './calls.js'
import { isInMost } from './confirm.js'
import { bytes, count, counted, duration } from './figures.js'
import { nPlusOne } from './n-plus-one.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceOf,
  type Told,
} from './occurrence.js'
import { partOfRequest } from './sentences.js'
import { median, orderOf } from './timing.js'
import { unboundedList } from './unbounded-list.js'
import { unpredicted } from './remedy.js'

const settings = {
  /** One or two columns too many are a convenience: a row is read as a whole, and so is a password's hash. */
  columns: 3,
  /** 10 kB are 0.1 ms to send and read, a tenth of a quick request. */
  bytes: 10_000,
}

const meta: DetectorMeta = {
  id: 'over-select',
  title: 'Columns that nobody gets',
  why: 'They are read from disk, sent, parsed and held, and then thrown away.',
  threshold: `${settings.columns} columns and ${settings.bytes / 1e3} kB in one request that reached none of the answers that were looked into: 0.1 ms, a tenth of a quick request.`,
  about: 'statement',
}

export const overSelect: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: unpredicted(
    'How fast the database sends to the app, and what of the time of a statement its columns take, is not seen.',
  ),
  inShort: ({ calls }) => `${counted(unusedOf(calls).length, 'column')} fetched for nothing`,
}

/**
 * Finds reads whose columns our recorder looked for in the answers of the route, and did not find. Loops and
 * lists without a limit are named as such: with them goes what they fetch.
 */
function detect(trace: Trace): readonly Occurrence[] {
  return groups(trace).flatMap(group => {
    const calls = group.calls.filter(call => unusedOf([call]).length >= settings.columns)
    if (calls.length === 0 || bytesFor(calls) < settings.bytes || isNamed(trace, calls)) return []
    const takenNs = calls.reduce((sum, call) => sum + costOf(call), 0)
    return [{ ...occurrenceOf(meta.id, trace, group), calls, order: orderOf(calls), takenNs }]
  })
}

/** Whether a loop or a list without a limit makes the calls. */
export function isNamed(trace: Trace, calls: readonly TraceSpan[]): boolean {
  return [nPlusOne, unboundedList].some(detector =>
    detector.detect(trace).some(one => one.calls.some(call => calls.includes(call))),
  )
}

/** Names of the columns that reached no answer. */
function unusedOf(calls: readonly TraceSpan[]): readonly string[] {
  const names = calls[0]?.attributes['hotpath.columns.unused']
  return Array.isArray(names) ? names.map(String) : []
}

const rowsIn = (call: TraceSpan): number => figureOf(call, 'db.response.returned_rows') ?? 0

/** Bytes in them, by the length of what was looked at. */
export function unusedBytes(call: TraceSpan): number {
  const known = (figureOf(call, 'hotpath.columns.unused_bytes') ?? 0) * rowsIn(call)
  return Math.min(known, figureOf(call, 'hotpath.returned.bytes') ?? known)
}

const bytesFor = (calls: readonly TraceSpan[]): number =>
  calls.reduce((sum, call) => sum + unusedBytes(call), 0)

function costOf(call: TraceSpan): number {
  const fields = unusedOf([call]).length * rowsIn(call)
  return fields * transfer.fieldNs + unusedBytes(call) * transfer.byteNs
}

function describe({ occurrences, typical }: Told): Description {
  const [first] = typical.calls
  const names = unusedOf(typical.calls)
  const columns = first && figureOf(first, 'hotpath.returned.columns')
  const fetched = median(occurrences.map(({ calls }) => bytesFor(calls)))
  const of = columns === undefined ? '' : ` of ${count(columns)}`
  return [
    `${counted(names.length, 'column')}${of} fetched for nothing`,
    [
      `${bytes(fetched)} of each request (median) are in columns that reached no answer: neither their name nor their value was in any that the recorder looked into: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', ...' : ''}.`,
      `About ${duration(typical.takenNs / 1e6)} to send and read them: ${transfer.fieldNs / 1e3} µs a field and ${transfer.byteNs} ns a byte.`,
      partOfRequest(typical),
    ],
  ]
}

function fixes({ calls, reading }: Occurrence): Fix[] {
  const names = unusedOf(calls)
  return [
    {
      kind: 'code',
      title: 'Name the columns that are needed',
      note: 'What the code itself reads stays: a hash that is compared, a flag that is asked for. With an ORM: select in Prisma, columns in Drizzle, attributes in Sequelize, select in TypeORM and Knex.',
      text: `Ask ${reading.table ?? 'the table'} for the columns by name, without ${names.slice(0, 20).join(', ')}${names.length > 20 ? ' and so on' : ''}.`,
    },
  ]
}
