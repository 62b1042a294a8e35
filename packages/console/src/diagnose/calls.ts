import type { CallSite, Span, Trace, TraceSpan } from '../model.js'
import { type Reading, reading } from './reading.js'
import { requestsOf } from './request.js'

/** One statement, called from one place, in one request. */
export interface Group {
  readonly request: TraceSpan
  readonly reading: Reading
  readonly where?: CallSite
  /** By start. */
  readonly calls: readonly TraceSpan[]
}

/**
 * The statements of each request in a trace, by template, call site and parent. Parents count by their
 * path of names from the request down, so that a statement in each of 200 `resolve user` spans is one
 * group. Only the first few calls of a template carry a call site: one without joins the place that was
 * seen last before it, or the first one. Reads and writes only: BEGIN, COMMIT, SET and the like never
 * count, nor does what ran outside of a request.
 */
export function groups(trace: Trace): readonly Group[] {
  const known = memo.get(trace)
  if (known) return known
  const found = findGroups(trace)
  memo.set(trace, found)
  return found
}

/** Each detector asks for the same groups. */
const memo = new WeakMap<Trace, readonly Group[]>()

function findGroups(trace: Trace): Group[] {
  const requests = requestsOf(trace)
  const paths = new Map<TraceSpan, string>()
  const found = new Map<string, { request: TraceSpan; reading: Reading; calls: TraceSpan[] }>()
  for (const span of trace.spans) {
    const text = statementOf(span)
    const request = text === undefined ? undefined : requests.get(span)
    if (text === undefined || !request) continue
    const read = reading(text)
    if (read.operation === 'other' || wasServed(span)) continue
    const key = `${request.spanId} ${pathOf(span.parent, request, paths)} ${read.template}`
    const group = found.get(key)
    if (group) group.calls.push(span)
    else found.set(key, { request, reading: read, calls: [span] })
  }
  return [...found.values()].flatMap(splitBySite)
}

/** The text of a span's statement; undefined for spans that are no statements. */
export function statementOf(span: Span): string | undefined {
  const text = span.attributes['db.query.text']
  return typeof text === 'string' && span.kind === 'client' ? text : undefined
}

/** Answered in the process, from what a batch had fetched: it never went to the database. */
export function wasServed(span: Span): boolean {
  return span.attributes['hotpath.batch'] === 'served'
}

/** Where the user's code made the call, if the span tells. */
export function callSite(span: Span): CallSite | undefined {
  const file = span.attributes['code.file.path']
  const line = span.attributes['code.line.number']
  const name = span.attributes['code.function.name']
  if (typeof file !== 'string' || typeof line !== 'number') return undefined
  return { file, line, ...(typeof name === 'string' ? { function: name } : {}) }
}

function pathOf(
  span: TraceSpan | undefined,
  request: TraceSpan,
  paths: Map<TraceSpan, string>,
): string {
  if (!span || span === request) return ''
  const known = paths.get(span)
  if (known !== undefined) return known
  // Up to the first span whose path is known, then down again: no recursion in deep traces. A path of
  // more than 500 characters tells parents apart as well by its end.
  const chain: TraceSpan[] = []
  let at: TraceSpan | undefined = span
  while (at && at !== request && !paths.has(at)) {
    chain.push(at)
    at = at.parent
  }
  let path = at && at !== request ? (paths.get(at) ?? '') : ''
  for (const step of chain.toReversed()) {
    // `load user 7` and `load user 8` are one step.
    path = `${path}/${step.name.replaceAll(/\d+/g, '?')}`.slice(-500)
    paths.set(step, path)
  }
  return path
}

function splitBySite(group: { request: TraceSpan; reading: Reading; calls: TraceSpan[] }): Group[] {
  const calls = group.calls.sort((a, b) => a.offsetNs - b.offsetNs)
  const bySite = new Map<string, { where?: CallSite; calls: TraceSpan[] }>()
  const first = calls.map(callSite).find(site => site !== undefined)
  let where = first
  for (const call of calls) {
    where = callSite(call) ?? where
    const key = where ? `${where.file}:${where.line}` : ''
    const known = bySite.get(key)
    if (known) known.calls.push(call)
    else bySite.set(key, { ...(where ? { where } : {}), calls: [call] })
  }
  return [...bySite.values()].map(site => ({ ...group, ...site }))
}
