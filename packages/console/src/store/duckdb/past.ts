import type { BatchRows } from '../encode.js'
import { highWord, lowWord, type SpanTable } from '../span-table.js'
import type { Kept } from './kept.js'
import { farFuture } from './window.js'

const slotNs = 600_000_000_000n
/** What is younger is still being written. */
const settledNs = 600_000_000_000n
/** Shorter stretches are read as fast as put together. */
const leastNs = 3_600_000_000_000n
/** After something came late it comes later again, from a sender whose clock is behind. */
const pauseMs = 60_000

/** A window of which a part is known: [since, from) and [to, until) are left. */
export interface Gap {
  readonly since: bigint
  readonly until: bigint
  readonly from: bigint
  readonly to: bigint
}

/** All of a window. */
export const whole = (since: bigint, until: bigint): Gap => ({
  since,
  until,
  from: until,
  to: until,
})

/** SQL: `columns` of the spans or points that a table has in a `Gap`, whose times are parameters. */
export const spansInGap = (table: string, columns: string): string =>
  `select ${columns} from ${table} where start_ns >= $since and start_ns < $from
   union all select ${columns} from ${table} where start_ns >= $to and start_ns < $until`
export const pointsInGap = (table: string, columns: string): string =>
  `select ${columns} from ${table} where end_ns > $since and end_ns <= $from
   union all select ${columns} from ${table} where end_ns > $to and end_ns <= $until`

/**
 * How far back nothing is written any more, as far as can be told: up to ten minutes before the newest
 * point. What was read of the stretch before that is kept, and dropped when something is written into it
 * after all. Times are starts of spans, and of points the nanosecond before their end.
 */
export class Past {
  readonly #kept: readonly Pick<Kept<unknown>, 'changed'>[]
  /** No stretch that was told of ends after this: what is written later touches none. */
  #toldNs = 0n
  /** Where the last that came late lies, and until when no stretch goes beyond. */
  #lateNs = farFuture
  #lateUntilMs = 0

  constructor(kept: readonly Pick<Kept<unknown>, 'changed'>[]) {
    this.#kept = kept
  }

  /** A window with the stretch of it that is over; undefined where that is short. */
  stretch(sinceNs: bigint, untilNs: bigint, newestNs: bigint, nowMs: number): Gap | undefined {
    if (nowMs >= this.#lateUntilMs) this.#lateNs = farFuture
    const clockNs = BigInt(nowMs) * 1_000_000n
    const settled = least(newestNs, clockNs) - settledNs
    const from = -floor(-sinceNs)
    const to = floor(least(untilNs, settled, this.#lateNs))
    if (to - from < leastNs) return undefined
    if (to > this.#toldNs) this.#toldNs = to
    return { since: sinceNs, until: untilNs, from, to }
  }

  /**
   * To be told of batches after the try to commit them, and before anybody is told that they are written: then
   * what was read before has been kept, or never will be.
   */
  written(batches: readonly BatchRows[], nowMs: number): void {
    let late = farFuture
    for (const { spans, points, counters, gauges } of batches) {
      late = least(late, this.#earliestEntry(spans))
      for (const list of [points, counters, gauges])
        for (const { endNs } of list) if (endNs <= this.#toldNs) late = least(late, endNs - 1n)
    }
    if (late === farFuture) return
    this.#lateNs = least(late, this.#lateNs)
    this.#lateUntilMs = nowMs + pauseMs
    for (const each of this.#kept) each.changed(late)
  }

  /** Some of all times may be gone, or come from another file. */
  changed(): void {
    for (const each of this.#kept) each.changed(-farFuture)
  }

  /** Which span comes first of those that lie before what was told. By words: nearly all of them do not. */
  #earliestEntry({ count, startNs, says, texts }: SpanTable): bigint {
    const words = new Int32Array(startNs.buffer, startNs.byteOffset, 2 * count)
    const told = Number(this.#toldNs)
    let late = farFuture
    for (let row = 0; row < count; row++) {
      const high = words[2 * row + highWord] as number
      // Doubles round by 128 ns: one that lies so little after it counts as before it.
      if (high * 2 ** 32 + ((words[2 * row + lowWord] as number) >>> 0) > told + 1_024) continue
      if (texts[says[row] as number]?.entry === true) late = least(late, startNs[row] as bigint)
    }
    return late
  }
}

const floor = (ns: bigint): bigint => ns - (((ns % slotNs) + slotNs) % slotNs)
const least = (...values: readonly bigint[]): bigint => values.reduce((a, b) => (a < b ? a : b))
