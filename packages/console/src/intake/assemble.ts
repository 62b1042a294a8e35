import type { Span, Trace } from '../model.js'
import { moveSkewed } from './skew.js'
import { tidy } from './tidy.js'

/** A span while its trace is being put together. */
export interface Placed extends Span {
  durationNs: number
  offsetNs: number
  depth: number
  parent: Placed | undefined
  children: Placed[]
}

/**
 * Puts the spans of one trace in order. Any list will do, in any order: what is wrong with it (spans
 * that came twice, parents that never came, cycles, clocks that disagree) is mended as far as it can
 * be and said in `problems`. Takes time in proportion to n log n and no recursion, so that a trace
 * of 20,000 spans in one chain is as good as any.
 *
 * @example
 * const trace = assemble(await store.spans(traceId))
 * trace.roots[0]?.name // 'GET /users/:id'
 */
export function assemble(spans: readonly Span[]): Trace {
  const problems: string[] = []
  const notes: string[] = []
  const byId = distinct(spans, problems)
  const placed = [...byId.values()].sort(byStart)
  linkParents(placed, byId, problems)
  breakCycles(placed, problems)
  const roots: Placed[] = []
  for (const span of placed) {
    if (span.parent) span.parent.children.push(span)
    else roots.push(span)
  }
  const earliest = placed[0]?.startNs ?? 0n
  for (const span of placed) span.offsetNs = Number(span.startNs - earliest)
  moveSkewed(roots, problems)
  const shift = startAtZero(tidy(placed, notes))
  const ordered = depthFirst(roots)
  sayOutlasting(ordered, problems)
  return {
    traceId: placed[0]?.traceId ?? '',
    startNs: earliest + BigInt(Math.round(shift)),
    durationNs: ordered.reduce((end, span) => Math.max(end, span.offsetNs + span.durationNs), 0),
    spans: ordered,
    roots: roots.sort(byOffset),
    services: [...new Set(ordered.map(span => span.service))],
    problems,
    notes,
  }
}

/** One of each span id: the longest, since a span that was sent before its end comes again longer. */
function distinct(spans: readonly Span[], problems: string[]): Map<string, Placed> {
  const byId = new Map<string, Placed>()
  let twice = 0
  for (const span of spans) {
    const known = byId.get(span.spanId)
    if (known) twice++
    if (known && known.durationNs >= span.durationNs) continue
    const durationNs = Math.max(0, span.durationNs)
    byId.set(span.spanId, {
      ...span,
      durationNs,
      offsetNs: 0,
      depth: 0,
      parent: undefined,
      children: [],
    })
  }
  if (twice > 0) problems.push(`${count(twice, 'span')} came twice: counted once.`)
  return byId
}

function linkParents(
  placed: readonly Placed[],
  byId: ReadonlyMap<string, Placed>,
  problems: string[],
) {
  let orphans = 0
  let own = 0
  for (const span of placed) {
    if (span.parentId === undefined) continue
    const parent = byId.get(span.parentId)
    if (parent === span) own++
    else if (parent) span.parent = parent
    else orphans++
  }
  // One root whose parent is missing is the normal start of a trace that a client of ours began.
  if (orphans > 1 || (orphans === 1 && placed.some(isTrueRoot)))
    problems.push(`${count(orphans, 'span')} came without their parent: shown at the top.`)
  if (own > 0) problems.push(`${count(own, 'span')} named itself as its parent: shown at the top.`)
}

const isTrueRoot = (span: Placed): boolean => span.parentId === undefined

/** Follows parents upwards; a walk that meets itself has found a cycle, cut at its earliest span. */
function breakCycles(placed: readonly Placed[], problems: string[]) {
  const seenIn = new Map<Placed, number>()
  let cycles = 0
  placed.forEach((start, walk) => {
    let span: Placed | undefined = start
    while (span && !seenIn.has(span)) {
      seenIn.set(span, walk)
      span = span.parent
    }
    if (!span || seenIn.get(span) !== walk) return
    // Walks begin in order of time, so the first span of a cycle that a walk begins at or enters is
    // not always its earliest: look round the cycle once.
    let earliest = span
    for (let at = span.parent; at && at !== span; at = at.parent)
      if (byStart(at, earliest) < 0) earliest = at
    earliest.parent = undefined
    cycles++
  })
  if (cycles > 0) problems.push(`${count(cycles, 'cycle')} among the parents: cut.`)
}

/** Moves all offsets so that the earliest is 0; returns by how much the trace's start moved. */
function startAtZero(placed: readonly Placed[]): number {
  const first = placed.reduce((least, span) => Math.min(least, span.offsetNs), Infinity)
  if (!Number.isFinite(first) || first === 0) return 0
  for (const span of placed) span.offsetNs -= first
  return first
}

function depthFirst(roots: readonly Placed[]): Placed[] {
  const ordered: Placed[] = []
  const stack = [...roots].sort(byOffset).toReversed()
  for (let span = stack.pop(); span; span = stack.pop()) {
    span.depth = span.parent ? span.parent.depth + 1 : 0
    ordered.push(span)
    span.children.sort(byOffset)
    for (let i = span.children.length - 1; i >= 0; i--) stack.push(span.children[i] as Placed)
  }
  return ordered
}

/** 1 ms: a span may end a turn of the event loop after its parent without meaning anything. */
const toleranceNs = 1_000_000

function sayOutlasting(ordered: readonly Placed[], problems: string[]) {
  const outlasting = ordered.filter(
    ({ parent, instance, offsetNs, durationNs }) =>
      parent?.instance === instance &&
      offsetNs + durationNs > parent.offsetNs + parent.durationNs + toleranceNs,
  ).length
  if (outlasting > 0)
    problems.push(`${count(outlasting, 'span')} went on after the end of their parent.`)
}

/** By start; the longer first, so that a parent precedes a child that starts with it. */
function byStart(a: Span, b: Span): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1
  return b.durationNs - a.durationNs || (a.spanId < b.spanId ? -1 : 1)
}

function byOffset(a: Placed, b: Placed): number {
  return a.offsetNs - b.offsetNs || byStart(a, b)
}

function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
}
