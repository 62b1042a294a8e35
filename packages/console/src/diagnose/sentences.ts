import { counted, count, duration, percent } from './figures.js'
import type { Occurrence } from './occurrence.js'
import { median, rowsOf } from './timing.js'

/** Sentences of evidence that several detectors say. */

export function partOfRequest({ takenNs, request, traceId }: Occurrence): string {
  const part = Math.min(1, takenNs / Math.max(1, request.durationNs))
  return `In trace ${traceId.slice(0, 8)}, ${duration(takenNs / 1e6)} of ${duration(request.durationNs / 1e6)}: ${percent(part)} of that request.`
}

export function eachCall({ calls }: Occurrence): string {
  const ms = median(calls.map(call => call.durationNs / 1e6))
  const rows = rowsOf(calls)
  const returns = rows.length === 0 ? '' : ` and returns ${counted(median(rows), 'row')}`
  return `Each call takes ${duration(ms)}${returns}.`
}

export function shownBy(requests: number, sampled: number): string {
  if (sampled === 1) return 'Seen in the one request that was recorded.'
  return `Shown by ${count(requests)} of ${counted(sampled, 'sampled request')}.`
}
