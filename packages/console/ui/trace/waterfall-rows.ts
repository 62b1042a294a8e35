import type { TraceRowSpan } from '../../src/api/answers.js'

/** What a person did to the tree; all of it is in the URL. */
export interface Folds {
  /** Spans whose children are hidden. */
  readonly closed: ReadonlySet<string>
  /** Folded loops that are opened, and how many of their calls are shown. */
  readonly opened: ReadonlyMap<string, number>
  readonly find: string
  readonly criticalOnly: boolean
}

/** A line of the waterfall: a span or folded loop, one call of a loop, or what is left of it. */
export type Line =
  | {
      readonly kind: 'span'
      readonly key: string
      readonly row: TraceRowSpan
      readonly parent: boolean
      readonly closed: boolean
      readonly depth: number
    }
  | {
      readonly kind: 'call'
      readonly key: string
      readonly row: TraceRowSpan
      readonly n: number
      readonly offsetNs: number
      readonly durationNs: number
      readonly depth: number
    }
  | {
      readonly kind: 'more'
      readonly key: string
      readonly row: TraceRowSpan
      readonly shown: number
      readonly left: number
      readonly depth: number
    }

/** Calls of a loop are opened so many at a time. */
export const callsAtATime = 20
const height = 32
/** Room for a comb. */
const foldedHeight = 60

export const heightOf = (line: Line): number =>
  line.kind === 'span' && line.row.folded !== undefined ? foldedHeight : height

/** The lines that are shown, in order: depth first, as the answer has them. */
export function linesOf(rows: readonly TraceRowSpan[], folds: Folds): Line[] {
  const kept = keptBy(rows, folds)
  const lines: Line[] = []
  /** Rows deeper than this are below a closed one. */
  let hiddenBelow = Number.POSITIVE_INFINITY
  rows.forEach((row, i) => {
    if (row.depth > hiddenBelow) return
    hiddenBelow = Number.POSITIVE_INFINITY
    if (kept !== undefined && !kept.has(i)) return
    const parent = (rows[i + 1]?.depth ?? 0) > row.depth
    // What was looked for is shown, even below a closed row.
    const closed = parent && folds.closed.has(row.spanId) && kept === undefined
    if (closed) hiddenBelow = row.depth
    lines.push({ kind: 'span', key: row.spanId, row, parent, closed, depth: row.depth })
    lines.push(...callsOf(row, folds.opened.get(row.spanId) ?? 0))
  })
  return lines
}

function callsOf(row: TraceRowSpan, shown: number): Line[] {
  const calls = row.folded?.calls ?? []
  if (shown === 0 || calls.length === 0) return []
  const lines: Line[] = calls.slice(0, shown).map(([offsetNs, durationNs], i) => ({
    kind: 'call',
    key: `${row.spanId}.${i}`,
    row,
    n: i + 1,
    offsetNs,
    durationNs,
    depth: row.depth + 1,
  }))
  const left = calls.length - shown
  if (left > 0)
    lines.push({ kind: 'more', key: `${row.spanId}.more`, row, shown, left, depth: row.depth + 1 })
  return lines
}

/** How many rows are like what is looked for, those above them not counted; undefined when nothing is. */
export function matchesIn(rows: readonly TraceRowSpan[], find: string): number | undefined {
  const words = wordsOf(find)
  if (words.length === 0) return undefined
  return rows.filter(row => words.every(word => textOf(row).includes(word))).length
}

const wordsOf = (find: string): string[] => find.toLowerCase().split(/\s+/).filter(Boolean)

/** Indexes of what matches, with all that it hangs below; undefined when nothing is looked for. */
function keptBy(rows: readonly TraceRowSpan[], folds: Folds): Set<number> | undefined {
  const words = wordsOf(folds.find)
  if (words.length === 0 && !folds.criticalOnly) return undefined
  const kept = new Set<number>()
  const above: number[] = []
  rows.forEach((row, i) => {
    above.length = row.depth
    above[row.depth] = i
    if (folds.criticalOnly && !row.critical) return
    const text = textOf(row)
    if (words.every(word => text.includes(word))) for (const one of above) kept.add(one)
  })
  return kept
}

function textOf({ name, service, attributes, category, where }: TraceRowSpan): string {
  const sql = attributes['db.query.text']
  return `${name} ${service} ${category} ${typeof sql === 'string' ? sql : ''} ${where?.file ?? ''}`.toLowerCase()
}
