import type { TraceSpan } from '../model.js'
import type { Order } from './occurrence.js'

/** Nanoseconds in which at least one of the spans ran. */
export function unionNs(spans: readonly TraceSpan[]): number {
  const byStart = [...spans].sort((a, b) => a.offsetNs - b.offsetNs)
  let total = 0
  let until = -Infinity
  for (const { offsetNs, durationNs } of byStart) {
    const end = offsetNs + durationNs
    if (end <= until) continue
    total += end - Math.max(offsetNs, until)
    until = end
  }
  return total
}

/** One in ten: a timer or a slow answer may push two calls of a sequential loop together. */
const overlapShare = 0.1

/**
 * Calls that only touch are one after another. OpenTelemetry's SDK for Node rounds starts down to whole
 * milliseconds, and adds to them lengths that are exact: there the end of a call lies up to 1 ms behind the
 * start of the next. Of shorter calls that would be all, and those at the same time overlap by all.
 */
const touch = { share: 0.1, roundedShare: 0.8, roundedNs: 1e6 }

/** Whether calls, by start, ran one after another. */
export function orderOf(calls: readonly TraceSpan[]): Order {
  const touchNs = touching(calls)
  let overlaps = 0
  let until = -Infinity
  for (const { offsetNs, durationNs } of calls) {
    if (until - offsetNs > touchNs(durationNs)) overlaps++
    until = Math.max(until, offsetNs + durationNs)
  }
  return overlaps > overlapShare * calls.length ? 'concurrent' : 'sequential'
}

/** By how much a call of some length may overlap with those before it and still come after them. */
function touching(calls: readonly TraceSpan[]): (durationNs: number) => number {
  const firstNs = calls[0]?.offsetNs ?? 0
  const rounded = calls.every(({ offsetNs }) => (offsetNs - firstNs) % touch.roundedNs === 0)
  return durationNs => {
    const partNs = touch.share * durationNs
    if (!rounded) return partNs
    return Math.max(partNs, Math.min(touch.roundedNs, touch.roundedShare * durationNs))
  }
}

/** Waits for a connection and new connections between the first and the last of the calls. */
export function waitsAmong(calls: readonly TraceSpan[]): TraceSpan[] {
  const first = calls[0]
  if (!first) return []
  const until = calls.reduce((end, call) => Math.max(end, call.offsetNs + call.durationNs), 0)
  const parents = new Set(calls.map(call => call.parent))
  return [...parents].flatMap(parent =>
    (parent?.children ?? []).filter(
      span =>
        (span.attributes['hotpath.wait'] !== undefined || span.attributes['hotpath.connect']) &&
        span.offsetNs + span.durationNs > first.offsetNs &&
        span.offsetNs < until,
    ),
  )
}

/** Whether anything else was asked of others from the start of one span to that of the next. */
export function isAnyBetween(one: TraceSpan, next: TraceSpan): boolean {
  return (one.parent?.children ?? []).some(
    span =>
      span !== one &&
      span !== next &&
      span.kind === 'client' &&
      span.offsetNs >= one.offsetNs &&
      span.offsetNs < next.offsetNs,
  )
}

export function median(values: readonly number[]): number {
  return middleOf([...values].sort((a, b) => a - b))
}

/** The median of values that are in order; 0 when there are none. */
export function middleOf(sorted: ArrayLike<number>): number {
  if (sorted.length === 0) return 0
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** Rows that the calls returned, where the telemetry tells. */
export function rowsOf(calls: readonly TraceSpan[]): number[] {
  return calls.flatMap(call => {
    const rows = call.attributes['db.response.returned_rows']
    return typeof rows === 'number' ? [rows] : []
  })
}
