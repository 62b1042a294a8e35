import { figureOf } from './answers.js'
import { hasIndexCandidate } from './fixes.js'
import type { Occurrence } from './occurrence.js'

const settings = {
  /** A table of fewer rows is read as quickly from its first row to its last. */
  rows: 1_000,
  /** Who keeps more of it reads it rightly: an index would be a detour. */
  kept: 0.1,
}

/** A table that is read whole, for a few of its rows. */
export interface Scan {
  readonly table: string
  readonly rows: number
  /** As the planner expects. */
  readonly kept: number
}

/** What a plan must show for an index to be missing, in words. */
export const SCAN_THRESHOLD = `Its plan reads a table of ${settings.rows} rows and more from the first to the last, and keeps ${settings.kept * 100} % at most.`

/**
 * The scan that makes a statement slow, by its plan, where the recorder was let ask for it (`explain`):
 * of the table that it reads by one column, which an index could serve.
 */
export function scanOf(occurrences: readonly Occurrence[]): Scan | undefined {
  const calls = occurrences
    .filter(({ reading }) => hasIndexCandidate(reading))
    .flatMap(({ reading, calls, request }) => calls.map(call => ({ reading, call, request })))
    .filter(({ call }) => typeof call.attributes['hotpath.plan.table'] === 'string')
  if (calls.length === 0) return undefined
  // The newest knows of an index that was made meanwhile, and of rows that came.
  const { reading, call } = calls.reduce((a, b) => (b.request.startNs > a.request.startNs ? b : a))
  const rows = figureOf(call, 'hotpath.plan.table.rows') ?? 0
  const kept = figureOf(call, 'hotpath.plan.kept.rows') ?? rows
  const table = String(call.attributes['hotpath.plan.table'])
  if (bare(reading.table) !== table || rows < settings.rows || kept > settings.kept * rows)
    return undefined
  return { table, rows, kept }
}

/** A name without its schema and quotes. */
const bare = (name: string | undefined): string | undefined =>
  name?.replace(/^.*\./, '').replaceAll('"', '')
