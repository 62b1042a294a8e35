import type { BatchRows } from '../encode.js'
import { Kept } from './kept.js'
import type { Merged, Sum } from './merged.js'
import { farFuture } from './window.js'

export const minuteNs = 60_000_000_000n
/** A delivery is that late as a rule: a minute that is over for so long stays as it is. */
const lateNs = 10_000_000_000n
/** Rollups take a minute over after 5 to 10 minutes. */
const mostMinutes = 12

/** Of some points what lies in each step of a timeline, by the time in milliseconds at which it begins. */
export type Steps = ReadonlyMap<number, Sum & { readonly errors: number }>

/**
 * What the points of the minutes hold that are over and not yet in a rollup, each minute for itself: to add
 * up 7 minutes of 14 points a second anew for each answer takes 70 ms of processor time.
 */
export class Recent {
  /** Of whole minutes; some 60 numbers a series. */
  readonly minutes = new Kept<Merged>(500_000)
  /** Of whole steps; some 60 numbers each. */
  readonly steps = new Kept<Steps>(500_000)
  /** Until when points are so many that they are merged in SQL: to find that out takes as long as it spares. */
  denseUntilMs = 0
  /** No minute that was asked for ends after this: what is written later touches none. */
  #toldNs = 0n

  /** The whole minutes of (from, until] that are over, the last of them: `[until, until]` for none. */
  over(fromNs: bigint, untilNs: bigint, newestNs: bigint): readonly [fromNs: bigint, toNs: bigint] {
    const to = floor(lesser(untilNs, newestNs - lateNs))
    const first = fromNs + ((minuteNs - (fromNs % minuteNs)) % minuteNs)
    const least = to - BigInt(mostMinutes) * minuteNs
    const from = first > least ? first : least
    if (from >= to) return [untilNs, untilNs]
    if (to > this.#toldNs) this.#toldNs = to
    return [from, to]
  }

  /** The last minute of (from, until] that is over; `from`: there is none. */
  overUntil(fromNs: bigint, untilNs: bigint, newestNs: bigint): bigint {
    const to = floor(lesser(untilNs, newestNs - lateNs))
    if (to <= fromNs) return fromNs
    if (to > this.#toldNs) this.#toldNs = to
    return to
  }

  /** To be told of batches after the try to commit them. */
  written(batches: readonly BatchRows[]): void {
    let earliest = farFuture
    for (const { points } of batches)
      for (const { endNs } of points) if (endNs < earliest) earliest = endNs
    if (earliest > this.#toldNs) return
    this.minutes.changed(earliest - 1n)
    this.steps.changed(earliest - 1n)
  }

  /** What counts may be something else from now on. */
  changed(): void {
    this.minutes.changed(-farFuture)
    this.steps.changed(-farFuture)
  }
}

const floor = (ns: bigint): bigint => ns - (((ns % minuteNs) + minuteNs) % minuteNs)
const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b)
