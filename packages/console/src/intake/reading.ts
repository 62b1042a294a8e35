import { createHash } from 'node:crypto'
import type { CounterPoint, GaugePoint, Histogram, HistogramPoint, ProcessInfo } from '../model.js'
import { canonical } from '../store/encode.js'
import { readAttributes, type Losses } from './attributes.js'
import { toCurrentNames } from './conventions.js'
import type { CumulativeToDelta, Total } from './cumulative.js'
import { limits } from './otlp/malformed.js'
import type { NumberPoint } from './otlp/messages.js'
import type { Refusals } from './refusals.js'
import type { Source } from './source.js'

/** Units (UCUM) in seconds. */
export const seconds: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['ms', 1e-3],
  ['us', 1e-6],
  ['ns', 1e-9],
])

export const [delta, cumulative] = [1, 2]

/** Bit 0 of a point's flags: nothing was recorded. */
const noRecordedValue = 1

export type Point = Pick<NumberPoint, 'attributes' | 'startTimeUnixNano' | 'timeUnixNano' | 'flags'>

/** The metrics of one source in one request, as they are read. */
export interface Reading {
  readonly source: Source
  readonly batch: {
    histograms: HistogramPoint[]
    counters: CounterPoint[]
    gauges: GaugePoint[]
    processes: ProcessInfo[]
  }
  readonly losses: Losses
  readonly refusals: Refusals
  readonly totals: ReturnType<CumulativeToDelta['begin']>
  readonly nowMs: number
  points: number
}

/** What came since the last point of its series, or undefined when nothing did or it was refused. */
export function readPoint(
  name: string,
  point: Point,
  temporality: number | undefined,
  value: Histogram,
  reading: Reading,
  side: 'server' | 'client',
) {
  reading.points++
  const { startTimeUnixNano = 0n } = point
  const timeNs = readTime(point, reading)
  if (timeNs === undefined) return undefined
  if (temporality !== delta && temporality !== cumulative)
    return reading.refusals.add('that are neither deltas nor cumulative')
  const attributes = readAttributes(point.attributes, reading.losses, limits.keyChars)
  const startNs =
    startTimeUnixNano === 0n || startTimeUnixNano > timeNs ? timeNs : startTimeUnixNano
  if (temporality === delta)
    return { attributes: toCurrentNames(attributes, side), startNs, endNs: timeNs, value }
  const total: Total = { startNs, timeNs, value }
  const { service, instance } = reading.source
  const sender = JSON.stringify([name, service, instance])
  const came = reading.totals.delta(sender, shortened(canonical(attributes)), total)
  if (came === undefined) return undefined
  return {
    attributes: toCurrentNames(attributes, side),
    startNs: came.startNs,
    endNs: came.endNs,
    value: came.value,
  }
}

/** The key of a series as it is kept in memory: attributes can be megabytes. */
function shortened(series: string): string {
  return series.length <= 500 ? series : createHash('sha256').update(series).digest('base64')
}

/** When the point was taken, or undefined when it holds nothing or was refused. */
export function readTime(point: Point, reading: Reading): bigint | undefined {
  const { flags = 0, timeUnixNano: timeNs = 0n } = point
  if ((flags & noRecordedValue) !== 0) return undefined
  if (timeNs === 0n) reading.refusals.add('without a time')
  else if (timeNs > BigInt(Math.round(reading.nowMs + 24 * 60 * 60 * 1000)) * 1_000_000n)
    reading.refusals.add('more than a day from now')
  else return timeNs
  return undefined
}
