import type { Template } from '../sql/template.js'
import type { RouteStats } from '../trace/routes.js'
import { needleOf, Searched } from './search.js'

/** Requests of a route that are looked into: the first so many, then at each doubling. */
const FIRST = 5
/** Statements of one request, and of one route, of which rows are kept until the answer is there. */
const MAX_STATEMENTS = 20
const MAX_COLUMNS = 200
/** Texts among a request's parameters that are remembered: a column that is one was used. */
const MAX_PARAMETERS = 2_000
/** In so many requests a column's value must have been there to be looked for, and not have been found. */
const ENOUGH = 3
/** A value of so many characters says of which row an answer is; of shorter ones, such as states, it takes two. */
const TELLING = 8

/** A row's own properties, copied: the app may change what it was given. */
type Row = Readonly<Record<string, unknown>>

/** What we need of pg's Result. */
interface Result {
  readonly rows?: unknown
  readonly fields?: unknown
}

/** Of how many requests a route's rows were looked at. Routes of an app: some hundreds. */
const asked = new Map<string, number>()
const MAX_ROUTES = 2_000

/** Whether the rows of this request of the route are to be kept until its answer is there. */
export function wantsRows(route: string): boolean {
  const n = (asked.get(route) ?? 0) + 1
  if (n === 1 && asked.size >= MAX_ROUTES) return false
  asked.set(route, n)
  return n <= FIRST || (n & (n - 1)) === 0
}

/** Rows of one request, until its answer is there: two of each statement. */
export class KeptRows {
  readonly rows = new Map<Template, readonly Row[]>()
  readonly parameters = new Set<string>()
  /** There were more parameters than are remembered: no column is known to be unused. */
  tooMany = false

  add(template: Template, results: unknown): void {
    if (this.rows.size >= MAX_STATEMENTS || this.rows.has(template)) return
    const { rows, fields } = (results ?? {}) as Result
    if (!Array.isArray(rows) || !Array.isArray(fields) || fields.length > MAX_COLUMNS) return
    const kept = (rows.length > 1 ? [rows[0], rows.at(-1)] : rows).filter(isRow)
    if (kept.length > 0)
      this.rows.set(
        template,
        kept.map(row => ({ ...row })),
      )
  }

  /** A list counts with all of its values: `= any($1)`. */
  given(values: readonly unknown[]): void {
    for (const value of values)
      if (Array.isArray(value)) for (const one of value as unknown[]) this.note(one)
      else this.note(value)
  }

  private note(value: unknown): void {
    if (this.tooMany || typeof value !== 'string') return
    if (this.parameters.size < MAX_PARAMETERS) this.parameters.add(value)
    else this.tooMany = true
  }
}

/** Rows may be arrays, where the app asks for that: then columns have no names. */
const isRow = (row: unknown): row is Row =>
  typeof row === 'object' && row !== null && !Array.isArray(row)

interface Column {
  reached: boolean
  /** Requests in which it had a value that was looked for, and not found. */
  judged: number
  bytes: number
}
interface Judged {
  /** Requests in which it was looked at. */
  looks: number
  readonly columns: Map<string, Column>
}

/** Which columns of a route's statements reached its answers, over all looks. */
const known = new WeakMap<RouteStats, Map<Template, Judged>>()

/**
 * Looks for the columns of a request's rows in its answer: by name, with and without underscores, and by
 * the beginning of their value. A row counts when its values are there: else the answer may be about others.
 * Texts alone are judged: numbers, dates and flags look like others, and of a jsonb any part may be sent.
 * When its time is over it stops: what was not looked for is not known, and what was looked for least is first next time.
 */
export function judgeRows(
  stats: RouteStats,
  kept: KeptRows,
  json: string,
  isOver: () => boolean,
): void {
  if (kept.tooMany) return
  let statements = known.get(stats)
  if (statements === undefined) known.set(stats, (statements = new Map()))
  const turns: [Judged, readonly Row[]][] = []
  for (const [template, rows] of kept.rows) {
    let judged = statements.get(template)
    if (judged === undefined) {
      if (statements.size >= MAX_STATEMENTS) continue
      statements.set(template, (judged = { looks: 0, columns: new Map() }))
    }
    turns.push([judged, rows])
  }
  turns.sort(([a], [b]) => a.looks - b.looks)
  const answer = new Searched(json, isOver)
  for (const [judged, rows] of turns) {
    if (answer.isOver()) return
    judged.looks++
    judge(judged.columns, rows, kept.parameters, answer)
  }
}

function judge(
  columns: Map<string, Column>,
  rows: readonly Row[],
  parameters: ReadonlySet<string>,
  answer: Searched,
): void {
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) {
      const bytes = typeof value === 'string' ? value.length : 0
      const column = columns.get(name)
      if (column === undefined) columns.set(name, { reached: false, judged: 0, bytes })
      else column.bytes = Math.max(column.bytes, bytes)
    }
  const answered = rows.filter(row => isAnswered(row, rows, columns, answer))
  const open = [...columns].filter(([, { reached }]) => !reached)
  for (const [name, column] of open.sort(([, a], [, b]) => a.judged - b.judged)) {
    const there = reaches(name, rows, parameters, answer)
    // The time is over.
    if (there === undefined) return
    if (there) column.reached = true
    else if (answered.some(row => needleOf(row[name]) !== undefined)) column.judged++
  }
}

/** Whether the answer is about this row: what has reached answers is looked for first, since it will be there. */
function isAnswered(
  row: Row,
  rows: readonly Row[],
  columns: ReadonlyMap<string, Column>,
  answer: Searched,
): boolean {
  let found = 0
  const isNew = (name: string) => (columns.get(name)?.reached === true ? 0 : 1)
  for (const name of Object.keys(row).sort((a, b) => isNew(a) - isNew(b))) {
    const needle = needleOf(row[name])
    if (needle === undefined || rows.some(other => other !== row && other[name] === row[name]))
      continue
    if (answer.holds(needle) !== true) continue
    if (needle.length >= TELLING || ++found === 2) return true
  }
  return false
}

/** Undefined: there was no time to look. */
function reaches(
  name: string,
  rows: readonly Row[],
  parameters: ReadonlySet<string>,
  answer: Searched,
): boolean | undefined {
  if (answer.names(name)) return true
  if (answer.isOver()) return undefined
  for (const { [name]: value } of rows) {
    if (typeof value === 'string' && parameters.has(value)) return true
    const needle = needleOf(value)
    const there = needle === undefined ? false : answer.holds(needle)
    if (there !== false) return there
  }
  return false
}

/** Of the columns of a statement those that were in no answer of the route, and what they take of a row. */
export function unusedColumns(
  stats: RouteStats,
  template: Template,
): { readonly names: readonly string[]; readonly bytes: number } | undefined {
  const columns = known.get(stats)?.get(template)?.columns
  if (columns === undefined) return undefined
  const unused = [...columns].filter(([, { reached, judged }]) => !reached && judged >= ENOUGH)
  if (unused.length === 0) return undefined
  return {
    names: unused.map(([name]) => name),
    bytes: unused.reduce((sum, [, { bytes }]) => sum + bytes, 0),
  }
}
