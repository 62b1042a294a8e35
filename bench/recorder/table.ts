import type { Spread } from '../statistics/spread.js'
import type { ArmResult } from './arms.js'

/** One line of the table: what was attached, on which Node. */
export interface Line {
  readonly node: number
  readonly attached: 'hotpath' | 'OpenTelemetry'
  readonly result: ArmResult
}

const head = [
  'attached',
  'Node',
  'route',
  'throughput',
  'A/A',
  'CPU per request',
  'A/A',
  'added',
  'bare',
]

/** The results as a Markdown table that also reads well in a terminal. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ node, attached, result }) => [
    attached,
    String(node),
    result.route.name === 'nodb' ? 'no database' : '20 queries',
    ratio(result.throughput),
    ratio(result.throughputNoise),
    ratio(result.cpu),
    ratio(result.cpuNoise),
    `${result.addedCpuUs.median.toFixed(0)} µs`,
    `${Math.round(result.bareRequestsPerSecond)}/s, ${result.bareCpuUs.toFixed(0)} µs`,
  ])
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map(r => (r[i] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [
    line(head),
    `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map(line),
  ].join('\n')
}

/** `.97 (.95 to .99)`: the median and the quartiles over rounds. */
function ratio(spread: Spread): string {
  const [median, low, high] = [spread.median, spread.low, spread.high].map(n => n.toFixed(2))
  return `${median} (${low} to ${high})`
}

/**
 * The figures to follow over time, in a fixed order; what was not measured is left out.
 *
 *     recorder: node24_nodb_throughput=0.97 node24_nodb_cpu_us=2.1 ... rss_mb=9.5 start_ms=4.2
 */
export function lastLine(lines: readonly Line[], rssMb: number, startMs: number): string {
  const find = (node: number, route: string): ArmResult | undefined =>
    lines.find(l => l.attached === 'hotpath' && l.node === node && l.result.route.name === route)
      ?.result
  const figures: [string, number | undefined][] = [
    ['node24_nodb_throughput', find(24, 'nodb')?.throughput.median],
    ['node24_nodb_cpu_us', find(24, 'nodb')?.addedCpuUs.median],
    ['node24_q20_cpu', find(24, 'q20')?.cpu.median],
    ['node20_nodb_throughput', find(20, 'nodb')?.throughput.median],
    ['node20_q20_cpu', find(20, 'q20')?.cpu.median],
    ['rss_mb', rssMb],
    ['start_ms', startMs],
  ]
  const shown = figures.flatMap(([name, value]) => {
    // Ratios to three digits, amounts (microseconds, megabytes, milliseconds) to one.
    const digits = /_(?:us|mb|ms)$/.test(name) ? 1 : 3
    return value === undefined ? [] : [`${name}=${value.toFixed(digits)}`]
  })
  return `recorder: ${shown.join(' ')}`
}
