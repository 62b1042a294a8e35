import type { Attributes, Histogram, MetricName } from '../../model.js'

/** Buckets of one answer; a series that is wider goes down in scale. 2,048 at scale 4 span 38 decades. */
const bucketLimit = 2_048

/** What some points add up to. */
export interface Sum {
  readonly count: number
  readonly sum: number
  readonly zeroCount: number
  /** Null where one of the points says none. */
  readonly min: number | null
  readonly max: number | null
  readonly scale: number
  /** Buckets that count anything, ascending, and how much. */
  readonly indexes: readonly number[]
  readonly counts: readonly number[]
}

/** The same of one series. */
export interface MergedRow extends Sum {
  readonly metric: MetricName
  readonly service: string
  readonly attributes: Attributes
  /** The attributes as they are kept, to put in order by. */
  readonly text: string
  readonly sampled: boolean
}

/** Points of a series by the id of the series. */
export type Merged = ReadonlyMap<number, MergedRow>

/** Adds up what several stretches of time hold, or points, by a number such as that of their series. */
export function addedUp<Row extends Sum>(
  parts: readonly Iterable<readonly [of: number, row: Row]>[],
): Map<number, Row> {
  const all = new Map<number, Row[]>()
  for (const part of parts)
    for (const [of, row] of part) {
      const rows = all.get(of)
      if (rows === undefined) all.set(of, [row])
      else rows.push(row)
    }
  return new Map([...all].map(([of, [first, ...others]]) => [of, sum(first as Row, others)]))
}

/**
 * All go down to the lowest scale (bucket i of scale s lies wholly in bucket i >> (s - t) of scale t, so this
 * loses no count) and their buckets are added.
 */
function sum<Row extends Sum>(first: Row, others: readonly Row[]): Row {
  if (others.length === 0) return first
  const rows = [first, ...others]
  const scale = rows.reduce((least, row) => Math.min(least, row.scale), first.scale)
  const buckets = new Map<number, number>()
  let [count, total, zeroCount] = [0, 0, 0]
  let [min, max]: [number | null, number | null] = [first.min, first.max]
  for (const row of rows) {
    count += row.count
    total += row.sum
    zeroCount += row.zeroCount
    min = min === null || row.min === null ? null : Math.min(min, row.min)
    max = max === null || row.max === null ? null : Math.max(max, row.max)
    const width = 2 ** (row.scale - scale)
    for (const [k, index] of row.indexes.entries()) {
      const i = Math.floor(index / width)
      buckets.set(i, (buckets.get(i) ?? 0) + (row.counts[k] as number))
    }
  }
  const ascending = [...buckets].sort(([x], [y]) => x - y)
  return {
    ...first,
    count,
    sum: total,
    zeroCount,
    min,
    max,
    scale,
    indexes: ascending.map(([i]) => i),
    counts: ascending.map(([, n]) => n),
  }
}

/** As it is answered. */
export function histogramOf(row: Sum): Histogram {
  const { count, sum: total, zeroCount, min, max, scale, indexes, counts } = row
  return {
    count,
    sum: total,
    zeroCount,
    ...(min === null ? {} : { min }),
    ...(max === null ? {} : { max }),
    ...dense(scale, indexes, counts),
  }
}

function dense(
  scale: number,
  indexes: readonly number[],
  counts: readonly number[],
): { scale: number; offset: number; buckets: readonly number[] } {
  const [first, last] = [indexes[0] ?? 0, indexes.at(-1) ?? 0]
  let down = 0
  while ((last >> down) - (first >> down) >= bucketLimit) down++
  const offset = first >> down
  const buckets = Array.from<number>({
    length: indexes.length === 0 ? 0 : (last >> down) - offset + 1,
  }).fill(0)
  for (const [i, index] of indexes.entries())
    buckets[(index >> down) - offset] = (buckets[(index >> down) - offset] ?? 0) + (counts[i] ?? 0)
  return { scale: scale - down, offset: indexes.length === 0 ? 0 : offset, buckets }
}
