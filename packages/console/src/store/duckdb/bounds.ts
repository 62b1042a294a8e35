import type { DuckDBConnection } from '@duckdb/node-api'
import type { BatchRows } from '../encode.js'
import { highWord, lowWord, type SpanTable } from '../span-table.js'
import type { Extent } from '../store.js'
import { columns } from './database.js'

type Table = 'spans' | 'points' | 'counters' | 'gauges'
type Times = readonly [leastNs: bigint, mostNs: bigint]

/** From when to when what the tables hold lies: starts of spans, ends of all else. Every answer asks for it. */
export class Bounds {
  readonly #times = new Map<Table, Times>()

  /** Reads what the file has; to be called again after a rollback or a prune. */
  async load(connection: DuckDBConnection): Promise<void> {
    const found = await columns(
      connection,
      `select * from (select min(start_ns), max(start_ns) from spans),
         (select min(end_ns), max(end_ns) from points),
         (select min(end_ns), max(end_ns) from counters),
         (select min(end_ns), max(end_ns) from gauges)`,
    )
    this.#times.clear()
    for (const [i, table] of (['spans', 'points', 'counters', 'gauges'] as const).entries()) {
      const [least, most] = [found[2 * i]?.[0], found[2 * i + 1]?.[0]]
      if (typeof least === 'bigint' && typeof most === 'bigint')
        this.#times.set(table, [least, most])
    }
  }

  /** To be told of batches once they are committed. */
  written(batches: readonly BatchRows[]): void {
    for (const { spans, points, counters, gauges } of batches) {
      for (const row of outermost(spans)) this.#widen('spans', spans.startNs[row] as bigint)
      for (const { endNs } of points) this.#widen('points', endNs)
      for (const { endNs } of counters) this.#widen('counters', endNs)
      for (const { endNs } of gauges) this.#widen('gauges', endNs)
    }
  }

  /** Of what is counted and what is traced. */
  get extent(): Extent {
    const times = [this.#times.get('spans'), this.#times.get('points')].flatMap(each => each ?? [])
    const ms = times.map(ns => Number(ns / 1_000_000n))
    return ms.length > 0 ? { oldestMs: Math.min(...ms), newestMs: Math.max(...ms) } : {}
  }

  /** Whether a table may have rows that end in (since, until]; false: it has none. */
  reach(
    table: 'points' | 'counters' | 'gauges',
    { since, until }: { since: bigint; until: bigint },
  ): boolean {
    const times = this.#times.get(table)
    return times !== undefined && times[1] > since && times[0] <= until
  }

  #widen(table: Table, ns: bigint): void {
    const [least, most] = this.#times.get(table) ?? [ns, ns]
    if (ns <= least || ns >= most)
      this.#times.set(table, [ns < least ? ns : least, ns > most ? ns : most])
  }
}

/** The rows of the first and of the last span to start. By words: a bigint for each would take longer. */
export function outermost({ count, startNs }: SpanTable): number[] {
  if (count === 0) return []
  const words = new Int32Array(startNs.buffer, startNs.byteOffset, 2 * count)
  const compare = (a: number, b: number): number =>
    (words[2 * a + highWord] as number) - (words[2 * b + highWord] as number) ||
    ((words[2 * a + lowWord] as number) >>> 0) - ((words[2 * b + lowWord] as number) >>> 0)
  let [first, last] = [0, 0]
  for (let row = 1; row < count; row++) {
    if (compare(row, first) < 0) first = row
    if (compare(row, last) > 0) last = row
  }
  return [first, last]
}
