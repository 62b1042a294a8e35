import { counted, duration } from '../diagnose/figures.js'
import { ConsoleError } from '../errors.js'
import type { Trace } from '../model.js'
import type { Store } from '../store/store.js'
import { headOf, readTrace } from './answer-trace.js'
import type { CompareAnswer, CompareRow, CompareSide, TraceHead } from './answers.js'
import { selfNs } from './critical-path.js'
import { type FoldedRow, foldRows } from './fold.js'
import { categoryOf } from './trace-rows.js'
import { allowOnlyThese } from './window.js'

/** What one answer holds at most; a trace has at most 5,000 rows itself. */
const mostRows = 5_000

interface Place {
  readonly name: string
  readonly category: CompareRow['category']
  a: CompareSide | null
  b: CompareSide | null
  readonly below: Map<string, Place>
}

/** Two traces side by side: spans of the same path of names below the root, summed on each side. */
export async function compare(store: Store, query: URLSearchParams): Promise<CompareAnswer> {
  allowOnlyThese(query, ['a', 'b'])
  const ids = [given(query, 'a'), given(query, 'b')] as const
  const [a, b] = await Promise.all([readTrace(store, ids[0]), readTrace(store, ids[1])])
  const top = new Map<string, Place>()
  add(top, a, 'a')
  add(top, b, 'b')
  const rows = rowsOf(top, 0).slice(0, mostRows)
  const heads = { a: headOf(a), b: headOf(b) }
  return { ...heads, verdict: verdictOf(heads.a, heads.b, rows), rows }
}

function given(query: URLSearchParams, name: 'a' | 'b'): string {
  const id = query.get(name)
  if (id !== null) return id
  const expected = 'the id of a trace or the first digits of it'
  throw new ConsoleError('PARAMETER', { name, expected, got: '' })
}

function add(top: Map<string, Place>, trace: Trace, side: 'a' | 'b'): void {
  const path = [top]
  for (const [i, row] of foldRows(trace, false).entries()) {
    const [first] = row.spans
    const siblings = path[row.depth]
    if (!first || !siblings) continue
    // Roots of two routes are compared as well: they are the two requests.
    const key = i === 0 ? '' : first.name
    const place = siblings.get(key) ?? {
      name: first.name,
      category: categoryOf(first),
      a: null,
      b: null,
      below: new Map<string, Place>(),
    }
    siblings.set(key, place)
    place[side] = sum(place[side], row)
    path.length = row.depth + 1
    path.push(place.below)
  }
}

function sum(before: CompareSide | null, { spans }: FoldedRow): CompareSide {
  const side = { count: 0, sumNs: 0, selfNs: 0, offsetNs: spans[0]?.offsetNs ?? 0, ...before }
  for (const span of spans) {
    side.count++
    side.sumNs += span.durationNs
    side.selfNs += selfNs(span)
  }
  return side
}

function rowsOf(places: ReadonlyMap<string, Place>, depth: number): CompareRow[] {
  const rows: CompareRow[] = []
  const stack = [...places.values()].toReversed().map(place => ({ place, depth }))
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { name, category, a, b, below } = top.place
    rows.push({ name, depth: top.depth, category, a, b })
    for (const place of [...below.values()].toReversed())
      stack.push({ place, depth: top.depth + 1 })
  }
  return rows
}

/** Below this part of the longer trace two are equally fast: runs of the same request differ as much. */
const alike = 0.05

function verdictOf(a: TraceHead, b: TraceHead, rows: readonly CompareRow[]): string {
  const byNs = b.durationNs - a.durationNs
  if (Math.abs(byNs) <= alike * Math.max(a.durationNs, b.durationNs))
    return `Both take about ${duration(Math.max(a.durationNs, b.durationNs) / 1e6)}.`
  const sign = Math.sign(byNs)
  const [most] = [...rows].sort((x, y) => sign * (moreNs(y) - moreNs(x)))
  const slower = byNs > 0 ? 'b' : 'a'
  const longer = `${slower === 'b' ? 'The second' : 'The first'} takes ${duration(Math.abs(byNs) / 1e6)} longer`
  const selfByNs = most === undefined ? 0 : sign * moreNs(most)
  if (most === undefined || selfByNs <= 0) return `${longer}.`
  const here = most[slower]?.count ?? 0
  const there = most[slower === 'b' ? 'a' : 'b']?.count ?? 0
  const calls =
    here === there ? '' : ` (${counted(here, 'call')}, against ${there.toLocaleString('en')})`
  const part = selfByNs >= Math.abs(byNs) / 2 ? 'most of it' : 'the largest part'
  return `${longer}; ${part} in ${most.name}${calls}: ${duration(selfByNs / 1e6)} more.`
}

/** How much more time of its own a row took in the second trace. */
const moreNs = ({ a, b }: CompareRow): number => (b?.selfNs ?? 0) - (a?.selfNs ?? 0)
