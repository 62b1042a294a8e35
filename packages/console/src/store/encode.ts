import type { Attributes, CounterPoint, GaugePoint, ProcessInfo } from '../model.js'
import { type SpanTable, tableOf } from './span-table.js'
import type { Batch } from './store.js'

interface PointKey {
  readonly metric: string
  readonly service: string
  readonly instance: string
  readonly attributes: string
  readonly startNs: bigint
  readonly endNs: bigint
}

export interface PointRow extends PointKey {
  readonly sampled: boolean
  readonly count: number
  readonly sum: number
  readonly min: number | null
  readonly max: number | null
  readonly scale: number
  readonly zeroCount: number
  readonly offset: number
  readonly buckets: readonly number[]
}

/** A row of `counters` or of `gauges`. */
export interface CounterRow extends PointKey {
  readonly value: number
}

/** A batch in the form in which it is posted to the worker. */
export interface BatchRows {
  readonly spans: SpanTable
  readonly points: readonly PointRow[]
  readonly counters: readonly CounterRow[]
  readonly gauges: readonly CounterRow[]
  readonly processes: readonly ProcessInfo[]
  readonly delivery?: NonNullable<Batch['delivery']>
  /** The time of the batch's newest point, for the list of deliveries. */
  readonly timeNs: bigint
  /** What it takes in memory, roughly: it bounds what waits to be written. */
  readonly bytes: number
}

export function encodeBatch(batch: Batch): BatchRows {
  const spans = 'texts' in batch.spans ? batch.spans : tableOf(batch.spans)
  const points = batch.histograms
    .filter(point => point.histogram.count > 0)
    .map(({ metric, histogram, attributes, sampled, ...rest }) => ({
      metric,
      service: rest.service,
      instance: rest.instance,
      startNs: rest.startNs,
      endNs: rest.endNs,
      attributes: seriesText(attributes),
      sampled,
      count: histogram.count,
      sum: histogram.sum,
      min: histogram.min ?? null,
      max: histogram.max ?? null,
      scale: histogram.scale,
      zeroCount: histogram.zeroCount,
      offset: histogram.offset,
      buckets: histogram.buckets,
    }))
  const counters = batch.counters.map(encodeNumber)
  const gauges = (batch.gauges ?? []).map(encodeNumber)
  return {
    spans,
    points,
    counters,
    gauges,
    processes: batch.processes ?? [],
    ...(batch.delivery ? { delivery: batch.delivery } : {}),
    timeNs: newestNs(batch) ?? BigInt(Date.now()) * 1_000_000n,
    bytes: bytesOf(spans, points, [...counters, ...gauges]),
  }
}

const encodeNumber = ({ name, attributes, ...rest }: CounterPoint | GaugePoint): CounterRow => ({
  metric: name,
  attributes: canonical(attributes),
  ...rest,
})

/** One text for one set of attributes, in whatever order they came. */
export function canonical(attributes: Attributes): string {
  const keys = Object.keys(attributes).sort()
  return JSON.stringify(Object.fromEntries(keys.map(key => [key, attributes[key]])))
}

/** Texts of the attributes of histograms: those made from spans come again and again as one object. */
const texts = new WeakMap<Attributes, string>()

function seriesText(attributes: Attributes): string {
  let text = texts.get(attributes)
  if (text === undefined) texts.set(attributes, (text = canonical(attributes)))
  return text
}

function newestNs({ histograms, counters, gauges = [] }: Batch): bigint | undefined {
  let newest: bigint | undefined
  for (const { endNs } of [...histograms, ...counters, ...gauges])
    if (newest === undefined || endNs > newest) newest = endNs
  return newest
}

function bytesOf(
  { texts, links, ...columns }: SpanTable,
  points: readonly PointRow[],
  counters: readonly CounterRow[],
): number {
  // Measured with 10,000 of each on Node 20: about 300 bytes of an object besides its texts.
  let bytes = 300 * (texts.length + points.length + counters.length)
  for (const { byteLength } of [columns.ids, columns.startNs, columns.durationNs, columns.says])
    bytes += byteLength
  for (const text of texts) bytes += text.attributes.length + text.name.length
  for (const link of links.values()) bytes += link.length
  for (const point of points) bytes += point.attributes.length + 8 * point.buckets.length
  for (const counter of counters) bytes += counter.attributes.length
  return bytes
}

/** The buffers of a batch, which are handed over and not copied. */
export const buffersOf = ({ spans }: BatchRows): ArrayBuffer[] =>
  [spans.ids, spans.startNs, spans.durationNs, spans.says].map(column => column.buffer)
