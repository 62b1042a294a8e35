import { count, counted, duration } from './figures.js'
import { slowFixes } from './fixes.js'
import type { Description, Detector, DetectorMeta, Told } from './occurrence.js'
import { SCAN_THRESHOLD, scanOf } from './plan.js'
import { partOfRequest } from './sentences.js'
import { isSlowByItself, lookedUp, lookUpText, slowCalls, typicalOf } from './slow-statement.js'

const meta: DetectorMeta = {
  id: 'missing-index',
  title: 'No index serves it',
  why: 'The database reads the whole table for a few of its rows, each time, and longer with each row that it gets.',
  threshold: `A slow query, as slow-statement has it. ${SCAN_THRESHOLD}`,
  about: 'statement',
}

/** A slow statement of which the plan tells why. Without a plan it is a slow statement. */
export const missingIndex: Detector = {
  meta,
  detect: trace => slowCalls(meta.id, trace),
  isConfirmed: weighed => isSlowByItself(weighed) && scanOf(weighed.occurrences) !== undefined,
  describe,
  fixes: slowFixes,
  remedy: { changes: lookedUp, how },
  inShort: ({ takenNs }) => `one query without an index: ${duration(takenNs / 1e6)}`,
}

function describe(told: Told): Description {
  const scan = scanOf(told.occurrences)
  const { ms, all } = typicalOf(told)
  return [
    `No index: ${scan === undefined ? 'the whole table' : counted(scan.rows, 'row')} for ${count(scan?.kept ?? 0)}`,
    [
      ...(scan === undefined
        ? []
        : [
            `Its plan reads ${scan.table} from the first row to the last, some ${count(scan.rows)}, and expects to keep ${count(scan.kept)}.`,
          ]),
      `It takes ${duration(ms)}${all}; a look-up through an index takes under 2\u2009ms.`,
      partOfRequest(told.typical),
    ],
  ]
}

function how(told: Told): string {
  return `${lookUpText(told)} The plan shows what it reads today; that the index serves it was not tried, and writes to the table will pay for it.`
}
