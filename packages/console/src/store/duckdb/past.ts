import type { BatchRows } from '../encode.js'
import { highWord, lowWord, type SpanTable } from '../span-table.js'
import type { Kept } from './kept.js'
import { farFuture } from './window.js'

/**
 * A window is known in two stretches, one after the other: a long one, which is read once in ten minutes, and one
 * of the minutes after it, which is read once a minute. What is younger than `settledNs` is still being written
 * as a rule; shorter ones than `leastNs` are read as fast as put together.
 */
const stretches = [
  { slotNs: 600_000_000_000n, settledNs: 600_000_000_000n, leastNs: 3_600_000_000_000n },
  { slotNs: 60_000_000_000n, settledNs: 60_000_000_000n, leastNs: 180_000_000_000n },
]
/** After something came late it comes later again, from a sender whose clock is behind. */
const pauseMs = 60_000

/** A window of which a part is known: [since, from) and [to, until) are left. */
export interface Gap {
  readonly since: bigint
  readonly until: bigint
  readonly from: bigint
  readonly to: bigint
}

interface Times {
  readonly since: bigint
  readonly until: bigint
  /** The end of the newest point in the store, which may be ahead of the clock. */
  readonly newestNs: bigint
  readonly nowMs: number
}

interface Read<Value> {
  readonly value: Value
  readonly size: number
}

/** All of a window. */
export const whole = (since: bigint, until: bigint): Gap => ({
  since,
  until,
  from: until,
  to: until,
})

/** SQL: `columns` of the spans or points that a table has in a `Gap`. Each of its ends costs time, rows or not. */
export const spansInGap = (table: string, columns: string, gap: Gap): string =>
  endsOf(
    gap,
    (from, to) => `select ${columns} from ${table} where start_ns >= ${from} and start_ns < ${to}`,
  )
export const pointsInGap = (table: string, columns: string, gap: Gap): string =>
  endsOf(
    gap,
    (from, to) => `select ${columns} from ${table} where end_ns > ${from} and end_ns <= ${to}`,
  )

function endsOf(
  { since, until, from, to }: Gap,
  sql: (from: bigint, to: bigint) => string,
): string {
  const before = sql(since, from)
  if (to >= until) return before
  return since < from ? `${before} union all ${sql(to, until)}` : sql(to, until)
}

/**
 * How far back nothing is written any more, as far as can be told. What was read of the stretches before that
 * is kept, and dropped when something is written into them after all. Times are starts of spans, and of points the nanosecond before their end.
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

  /** What a window holds: of each of its stretches as it is kept in `kept`, and of the rest, which is read. */
  async parts<Value>(
    kept: Kept<Value>,
    of: readonly unknown[],
    times: Times,
    read: (gap: Gap) => Promise<Read<Value>>,
  ): Promise<readonly Value[]> {
    const over = this.#stretches(times)
    const values: Value[] = []
    for (const { from, to } of over)
      values.push(await kept.over({ from, to }, of, () => read(whole(from, to))))
    const { since, until } = times
    const [from, to] = [over[0]?.from ?? until, over.at(-1)?.to ?? until]
    values.push((await read({ since, until, from, to })).value)
    return values
  }

  #stretches({ since, until, newestNs, nowMs }: Times): { from: bigint; to: bigint }[] {
    if (nowMs >= this.#lateUntilMs) this.#lateNs = farFuture
    const heardNs = least(newestNs, BigInt(nowMs) * 1_000_000n)
    const over: { from: bigint; to: bigint }[] = []
    for (const { slotNs, settledNs, leastNs } of stretches) {
      const from = over.at(-1)?.to ?? -floor(-since, slotNs)
      const to = floor(least(until, heardNs - settledNs, this.#lateNs), slotNs)
      if (to - from < leastNs) continue
      if (to > this.#toldNs) this.#toldNs = to
      over.push({ from, to })
    }
    return over
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

const floor = (ns: bigint, slotNs: bigint): bigint => ns - (((ns % slotNs) + slotNs) % slotNs)
const least = (...values: readonly bigint[]): bigint => values.reduce((a, b) => (a < b ? a : b))
