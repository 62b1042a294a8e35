import type { Fix, Trace, TraceSpan } from '../model.js'
import { figureOf } from './answers.js'
import { groups } from './calls.js'
import { isInMost } from './confirm.js'
import { bytes, counted } from './figures.js'
import {
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceOf,
  type Told,
} from './occurrence.js'
import { isNamed, unusedBytes } from './over-select.js'
import { partOfRequest } from './sentences.js'
import { median, orderOf, rowsOf, unionNs } from './timing.js'
import { withWorkAfter } from './unbounded-list.js'
import { unpredicted } from './remedy.js'

const settings = {
  /** At 1 Gbit/s 8 ms on the way alone; to take it apart keeps the event loop as long again. */
  bytes: 1_000_000,
}

const meta: DetectorMeta = {
  id: 'large-result',
  title: 'A large result',
  why: 'The database sends it, Node takes it apart and holds all of it at once, for each request.',
  threshold: `${settings.bytes / 1e6} MB for one statement: 8 ms on the way at 1 Gbit/s, and as long again to read.`,
  about: 'statement',
}

export const largeResult: Detector = {
  meta,
  detect,
  isConfirmed: isInMost,
  describe,
  fixes,
  remedy: unpredicted(
    'How much of it is needed is not seen: a page, some columns, or a sum that the database makes.',
  ),
  inShort: ({ calls }) => `a result of ${bytes(median(sizes(calls)))}`,
}

/**
 * Finds statements that bring very much: documents, pictures, wide rows. A list without a limit and a loop
 * are named as such, and where most of it are columns that nobody gets, those are.
 */
function detect(trace: Trace): readonly Occurrence[] {
  return groups(trace).flatMap(group => {
    const calls = group.calls.filter(isLarge)
    if (calls.length === 0 || isNamed(trace, calls)) return []
    const takenNs = unionNs(calls.map(call => withWorkAfter(call, group.request, trace.spans)))
    return [{ ...occurrenceOf(meta.id, trace, group), calls, order: orderOf(calls), takenNs }]
  })
}

function isLarge(call: TraceSpan): boolean {
  const size = figureOf(call, 'hotpath.returned.bytes') ?? 0
  return size >= settings.bytes && unusedBytes(call) < size / 2
}

const sizes = (calls: readonly TraceSpan[]): number[] =>
  calls.flatMap(call => figureOf(call, 'hotpath.returned.bytes') ?? [])

function describe({ occurrences, typical }: Told): Description {
  const size = bytes(median(occurrences.flatMap(({ calls }) => sizes(calls))))
  const rows = median(occurrences.flatMap(({ calls }) => rowsOf(calls)))
  return [
    `A result of ${size}`,
    [`One statement brings ${size} in ${counted(rows, 'row')} (median).`, partOfRequest(typical)],
  ]
}

function fixes({ reading }: Occurrence): Fix[] {
  return [
    {
      kind: 'code',
      title: 'Bring less, or bring it in pieces',
      text: `Leave the large columns of ${reading.table ?? 'the table'} to the request that shows one of them; let the database add up and cut (sum, left, jsonb paths). Files belong into an object store, with their address in the row. What is needed whole is read with a cursor (pg-query-stream) and sent as it comes.`,
    },
  ]
}
