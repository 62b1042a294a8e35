import type { HistogramPoint } from '../model.js'
import type { Exemplar } from '../store/store.js'
import { idDigits, traceDigits } from '../store/duckdb/ids.js'
import {
  highWord,
  lowWord,
  SpanPlace,
  type SpanTable,
  SpanTableBuilder,
} from '../store/span-table.js'
import type { Losses } from './attributes.js'
import type { Description, SpanSeries } from './describe.js'
import type { Doubled } from './doubled.js'
import { fromValues } from './histogram.js'
import { limits, Malformed } from './otlp/malformed.js'
import { Refusals } from './refusals.js'

const dayMs = 24 * 60 * 60 * 1000

/** What came of the spans of one request. */
export interface TakenTraces {
  readonly spans: SpanTable
  /**
   * Of the requests and statements of senders that are not our recorder. They count what was sampled
   * only, so they are marked `sampled`; the store leaves them out for a process that sends histograms of
   * its own.
   */
  readonly histograms: readonly HistogramPoint[]
  readonly exemplars: readonly Exemplar[]
}

/** The spans of one series in a request. Times are nanoseconds after the first span of the request. */
interface Group {
  fromNs: number
  toNs: number
  readonly seconds: number[]
  last: number
  slowest: number
}

/** The spans of one request, while they are read. */
export class TraceRows {
  /** Where a decoder writes the ids and times of the span that it reads. */
  readonly place = new SpanPlace()
  readonly losses: Losses = { cutTexts: 0, droppedAttributes: 0 }
  readonly refusals = new Refusals('spans')
  readonly #latestNs: number
  readonly #builder: SpanTableBuilder
  readonly #descriptions: Description[] = []

  /** `expected` are about as many spans as there will be. */
  constructor(nowMs: number, expected: number) {
    this.#builder = new SpanTableBuilder(expected)
    // What lies far ahead would never be old enough to be dropped.
    this.#latestNs = (nowMs + dayMs) * 1e6
  }

  /** Whether the span in `place` has a place in time; else it is refused. */
  isTimed(): boolean {
    const { place } = this
    // As doubles, which are right to 256 ns.
    const startNs = place.nanoseconds(place.start)
    if (startNs === 0) return this.#refuse('without a start time')
    if (startNs > this.#latestNs) return this.#refuse('that start more than a day from now')
    if (place.durationNs() > 10 * dayMs * 1e6) return this.#refuse('longer than 10 days')
    return true
  }

  /** Adds the span in `place`. Throws `Malformed` for one too many. */
  add(description: Description, links: string | undefined): void {
    if (this.#builder.count >= limits.spans)
      throw new Malformed(
        `The request has more than ${limits.spans} spans. Send less at a time.`,
        413,
      )
    this.losses.cutTexts += description.losses.cutTexts
    this.losses.droppedAttributes += description.losses.droppedAttributes
    this.#builder.add(this.place, description.text, links)
    this.#descriptions.push(description)
  }

  /** All that was added; nothing can be added after. */
  take(doubled: Doubled): TakenTraces {
    const spans = this.#builder.finish()
    const words = new Uint32Array(spans.ids.buffer)
    const descriptions = this.#descriptions
    for (let row = 0; row < descriptions.length; row++) {
      const statement = descriptions[row]?.statement
      if (statement !== undefined) doubled.remember(words, row, statement)
    }
    const groups = this.#groups(spans, words, doubled)
    const histograms: HistogramPoint[] = []
    const exemplars: Exemplar[] = []
    const firstNs = spans.count === 0 ? 0n : (spans.startNs[0] as bigint)
    for (const [series, { fromNs, toNs, seconds, last, slowest }] of groups) {
      exemplars.push(exemplarOf(spans, last, series))
      if (slowest !== last) exemplars.push(exemplarOf(spans, slowest, series))
      if (seconds.length === 0) continue
      const times = { startNs: firstNs + BigInt(fromNs), endNs: firstNs + BigInt(toNs) }
      histograms.push({ ...series, ...times, sampled: true, histogram: fromValues(seconds) })
    }
    return { spans, histograms, exemplars }
  }

  #groups(spans: SpanTable, words: Uint32Array, doubled: Doubled): Map<SpanSeries, Group> {
    const groups = new Map<SpanSeries, Group>()
    const starts = new Uint32Array(spans.startNs.buffer)
    const [firstHigh, firstLow] = [starts[highWord] ?? 0, starts[lowWord] ?? 0]
    for (let row = 0; row < spans.count; row++) {
      const { series, counted, statement } = this.#descriptions[row] as Description
      if (series === undefined) continue
      const durationNs = spans.durationNs[row] as number
      let group = groups.get(series)
      if (group === undefined) {
        group = { fromNs: Infinity, toNs: -Infinity, seconds: [], last: row, slowest: row }
        groups.set(series, group)
      }
      group.last = row
      if (durationNs > (spans.durationNs[group.slowest] as number)) group.slowest = row
      if (!counted || (statement !== undefined && doubled.has(words, row, statement))) continue
      // Exact, since the spans of a request lie together.
      const fromNs =
        ((starts[2 * row + highWord] as number) - firstHigh) * 2 ** 32 +
        ((starts[2 * row + lowWord] as number) - firstLow)
      group.fromNs = Math.min(group.fromNs, fromNs)
      group.toNs = Math.max(group.toNs, fromNs + durationNs)
      group.seconds.push(durationNs / 1e9)
    }
    return groups
  }

  #refuse(reason: string): false {
    this.refusals.add(reason)
    return false
  }
}

function exemplarOf(
  spans: SpanTable,
  row: number,
  { metric, service, attributes }: SpanSeries,
): Exemplar {
  const { ids, startNs, durationNs } = spans
  const lastedNs = durationNs[row] as number
  return {
    metric,
    service,
    attributes,
    traceId: traceDigits(ids[4 * row] as bigint, ids[4 * row + 1] as bigint),
    spanId: idDigits(ids[4 * row + 2] as bigint),
    seconds: lastedNs / 1e9,
    timeMs: Number((startNs[row] as bigint) / 1_000_000n) + lastedNs / 1e6,
  }
}
