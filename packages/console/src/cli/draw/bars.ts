import type { TraceRowSpan } from '../../api/answers.js'

const heights = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/**
 * A row's bar on an axis of `columns`: heavy on the critical path, light off it, dashed for waiting. A
 * folded row is a comb: each column as high as its longest call, off the path in dots.
 */
export function barOf(row: TraceRowSpan, traceNs: number, columns: number): string {
  const scale = columns / Math.max(1, traceNs)
  if (row.folded) return comb(row, row.folded, scale, columns)
  const from = Math.min(columns - 1, Math.floor(row.offsetNs * scale))
  const until = Math.min(
    columns,
    Math.max(from + 1, Math.round((row.offsetNs + row.durationNs) * scale)),
  )
  const sign = row.category === 'waiting' ? '╍' : row.critical ? '━' : '─'
  return ' '.repeat(from) + sign.repeat(until - from)
}

function comb(
  row: TraceRowSpan,
  folded: NonNullable<TraceRowSpan['folded']>,
  scale: number,
  columns: number,
): string {
  const longest = Array.from({ length: columns }, () => 0)
  for (const [offsetNs, durationNs] of folded.calls) {
    const from = Math.min(columns - 1, Math.floor(offsetNs * scale))
    const until = Math.min(columns, Math.max(from + 1, Math.ceil((offsetNs + durationNs) * scale)))
    for (let at = from; at < until; at++) longest[at] = Math.max(longest[at] ?? 0, durationNs)
  }
  return longest
    .map(ns => {
      const part = folded.maxNs === 0 ? 1 : ns / folded.maxNs
      if (ns === 0) return ' '
      if (!row.critical) return part < 0.5 ? '·' : ':'
      return heights[Math.min(heights.length - 1, Math.floor(part * heights.length))]
    })
    .join('')
    .trimEnd()
}

/** Round steps of an axis: at most `most` of them, in nanoseconds, from 0 on. */
export function ticks(traceNs: number, most: number): number[] {
  const raw = traceNs / Math.max(1, most)
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(1, raw)))
  const step = magnitude * ([1, 2, 2.5, 5, 10].find(factor => factor * magnitude >= raw) ?? 10)
  const found: number[] = []
  for (let at = 0; at < traceNs * 0.85; at += step) found.push(at)
  return found
}
