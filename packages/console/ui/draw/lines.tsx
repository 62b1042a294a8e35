import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { minuteOf, secondOf } from '../say/times.js'
import { color, useTheme } from '../theme/theme.js'
import { useSize } from './use-canvas.js'

export interface Line {
  readonly label: string
  /** A colour token: `--hot`. */
  readonly stroke: string
  /** By step; null where nothing can be said. */
  readonly values: readonly (number | null)[]
  readonly dash?: readonly number[]
  /** Filled down to zero. */
  readonly fill?: boolean
  readonly width?: number
}

/**
 * Lines over time, with zero as the ground. The scale is kept until a value leaves it, so that live
 * data moves no line that did not change; the figures under the pointer stand in the legend.
 */
export function Lines({
  name,
  times,
  lines,
  say,
  group,
  least = 1,
}: {
  /** A sentence that says what is drawn, for those who do not see it. */
  name: string
  /** Milliseconds since 1970, one for each step. */
  times: readonly number[]
  lines: readonly Line[]
  say: (value: number) => string
  /** Charts of one group show the same moment under the pointer. */
  group: string
  /** The scale reaches so far at least. */
  least?: number
}) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const [at, setAt] = useState<number | null>(null)
  const { width, height } = useSize(host)
  const theme = useTheme()
  const saying = useRef(say)
  saying.current = say
  const shape = lines.map(({ label, stroke }) => label + stroke).join()

  useEffect(() => {
    if (host.current === null || width === 0) return
    const options = optionsOf({ lines, group, size: { width, height }, saying, setAt, least })
    const made = new uPlot(options, dataOf(times, lines), host.current)
    plot.current = made
    return () => {
      made.destroy()
      plot.current = undefined
    }
  }, [width === 0, theme, shape, group])
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height })
  }, [width, height])
  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times, lines])

  return (
    <div class="lines">
      <div class="legend small">
        {lines.map(line => {
          const value = at === null ? lastOf(line.values) : (line.values[at] ?? null)
          return (
            <span key={line.label}>
              <svg class="dash" width="14" height="8" aria-hidden="true">
                <line
                  x1="0"
                  x2="14"
                  y1="4"
                  y2="4"
                  stroke={`var(${line.stroke})`}
                  stroke-width={line.width ?? 1.5}
                  stroke-dasharray={line.dash?.join(' ')}
                />
              </svg>
              {line.label} <b>{value === null ? '–' : say(value)}</b>
            </span>
          )
        })}
        <span class="muted when">{at === null ? 'last' : secondOf(times[at] ?? 0)}</span>
      </div>
      <div class="plot" ref={host} role="img" aria-label={name} data-hold />
    </div>
  )
}

function optionsOf({
  lines,
  group,
  size,
  saying,
  setAt,
  least,
}: {
  lines: readonly Line[]
  group: string
  size: { width: number; height: number }
  saying: { readonly current: (value: number) => string }
  setAt: (at: number | null) => void
  least: number
}): uPlot.Options {
  let top = 0
  const axis = {
    stroke: color('--muted'),
    font: '11px Geist, system-ui, sans-serif',
    ticks: { show: false },
    grid: { stroke: color('--line'), width: 1 },
  }
  return {
    ...size,
    padding: [8, 22, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: group },
      points: { size: 5 },
    },
    scales: {
      x: { time: true },
      y: {
        range: (_, __, highest) => {
          // Null without a value.
          const most = Math.max(least, highest ?? 0)
          if (most > top || most < top / 4) top = most * 1.15
          return [0, top]
        },
      },
    },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 4,
        space: 80,
        grid: { show: false },
        values: (_, splits) => splits.map(s => minuteOf(s * 1e3)),
      },
      {
        ...axis,
        size: 52,
        gap: 6,
        space: 34,
        values: (_, splits) => splits.map(value => (value === 0 ? '0' : saying.current(value))),
      },
    ],
    series: [
      {},
      ...lines.map(line => ({
        label: line.label,
        stroke: color(line.stroke),
        width: line.width ?? 1.5,
        dash: [...(line.dash ?? [])],
        ...(line.fill
          ? { fill: `color-mix(in srgb, ${color(line.stroke)} 14%, transparent)` }
          : {}),
        points: { show: true, size: 4, filter: aloneOf },
      })),
    ],
    hooks: { setCursor: [({ cursor }) => setAt(cursor.idx ?? null)] },
  }
}

/** A value between two gaps has no line to be part of: it is drawn as a point, and only it. */
function aloneOf(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? []
  const isGap = (at: number): boolean => (values[at] ?? null) === null
  return [...values.keys()].filter(at => !isGap(at) && isGap(at - 1) && isGap(at + 1))
}

function dataOf(times: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [times.map(ms => ms / 1e3), ...lines.map(({ values }) => [...values])]
}

function lastOf(values: readonly (number | null)[]): number | null {
  return values.findLast(value => value !== null) ?? null
}
