import { type Estimate, halfWidth } from '../statistics/interval.js'

/** A figure of a benchmark's last line. */
export interface Figure {
  readonly name: string
  readonly estimate: Estimate
  readonly digits: number
}

export const figure = (name: string, estimate: Estimate, digits: number): Figure => ({
  name,
  estimate,
  digits,
})

/**
 * The line with the figures to follow over time, in a fixed order, each with half of its 95 % interval,
 * so that nobody quotes what was not resolved. What was not measured is left out by the caller.
 *
 *     recorder: node24_nodb_throughput=0.970 node24_nodb_throughput_hw=0.012 rss_mb=9.5 rss_mb_hw=0.8
 */
export function lastLine(benchmark: string, figures: readonly Figure[]): string {
  const shown = figures.map(({ name, estimate, digits }) => {
    const reach = halfWidth(estimate)
    const hw = Number.isFinite(reach) ? ` ${name}_hw=${reach.toFixed(digits)}` : ''
    return `${name}=${estimate.value.toFixed(digits)}${hw}`
  })
  return `${benchmark}: ${shown.join(' ')}`
}

/** `0.97 (0.95 to 0.99)`: a ratio or an amount with its interval. */
export function withInterval({ value, low, high }: Estimate, digits = 2, unit = ''): string {
  const known = Number.isFinite(low) && Number.isFinite(high)
  const interval = known ? ` (${low.toFixed(digits)} to ${high.toFixed(digits)})` : ''
  return `${value.toFixed(digits)}${unit}${interval}`
}

/** Rows as a Markdown table that also reads well in a terminal. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map(row => (row[i] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
