import type { DuckDBConnection } from '@duckdb/node-api'
import type { PointRow } from '../encode.js'
import { columns } from './database.js'

export interface Level {
  /** Has the columns of `points`. */
  readonly table: string
  readonly intervalNs: bigint
  /** Points that come later than this make their intervals be merged again. */
  readonly settledNs: bigint
  /** So much must be settled before it is merged. */
  readonly dueNs: bigint
}

/** What one transaction merges at most, in intervals: 1,000,000 points take 2.7 s of processor time. */
const turnIntervals = 60n
/** Buckets of a merged row, as of a point that is taken in; an interval that is wider goes down in scale. */
const bucketLimit = 320
/** Between two times of merging, for a sender whose clock is hours behind. */
const pauseMs = 60_000

/**
 * The points of each interval, merged by series and process, from the points or from a finer rollup. What
 * began before its interval is kept as it is: a row that reached from its start to the end of shorter
 * points would spread the counts of all over the whole of its time.
 *
 * Intervals (from, until] are merged; a point belongs to the interval in which it ends. Points stay, so
 * whoever reads them instead is right at any time: `until` goes down before a late point is written, and
 * up after its interval was merged. What a rollup has merged, its finer one has too.
 */
export class Rollup {
  readonly #level: Level
  readonly #finer: Rollup | undefined
  #fromNs = 0n
  #untilNs = 0n
  #newestNs = 0n
  #saved = true
  #pausedUntilMs = 0
  /** What a turn merges: half as much after a failure, which may have been for want of memory. */
  #turnIntervals = turnIntervals

  constructor(level: Level, finer?: Rollup) {
    this.#level = level
    this.#finer = finer
  }

  /** Reads what the file has; to be called again after a rollback or a prune, after the finer one. */
  async load(connection: DuckDBConnection): Promise<void> {
    const [keys = [], values = []] = await columns(connection, 'select key, value from meta')
    const value = (key: string): bigint => BigInt(String(values[keys.indexOf(key)] ?? 0))
    this.#fromNs = value(this.#fromKey)
    this.#untilNs = value(this.#untilKey)
    const [newest = []] = await columns(connection, 'select max(end_ns) from points')
    this.#newestNs = typeof newest[0] === 'bigint' ? newest[0] : 0n
    this.#saved = true
  }

  /** The end of the newest point. */
  get newestNs(): bigint {
    return this.#newestNs
  }

  /** The merged intervals that lie wholly in a stretch; `[since, since]` for none. */
  within(sinceNs: bigint, untilNs: bigint): readonly [fromNs: bigint, untilNs: bigint] {
    const from = greater(this.#fromNs, this.#after(sinceNs))
    const until = lesser(this.#untilNs, this.#before(untilNs))
    return until > from ? [from, until] : [sinceNs, sinceNs]
  }

  /** Whether steps of a length that begin at multiples of it begin where intervals do. */
  divides(stepMs: number): boolean {
    return stepMs % Number(this.#level.intervalNs / 1_000_000n) === 0
  }

  /** To be told of points before they are committed. Whether it goes back for one of them. */
  notice(points: readonly PointRow[]): boolean {
    let late = false
    for (const { endNs } of points) {
      if (endNs > this.#newestNs) this.#newestNs = endNs
      if (endNs > this.#untilNs) continue
      this.#untilNs = this.#before(endNs - 1n)
      this.#saved = false
      late = true
    }
    return late
  }

  /** Up to where it has merged. */
  get untilNs(): bigint {
    return this.#untilNs
  }

  /** Writes how far is merged, inside the caller's transaction. */
  async save(connection: DuckDBConnection): Promise<void> {
    if (this.#saved) return
    await this.#note(connection, this.#untilNs)
    this.#saved = true
  }

  isDue(nowMs: number): boolean {
    return this.#hasDue() && nowMs >= this.#pausedUntilMs
  }

  /** Merges some of what is due. `transaction` runs its work in one of its own. */
  async merge(
    transaction: (work: (connection: DuckDBConnection) => Promise<void>) => Promise<void>,
    nowMs: number,
  ): Promise<void> {
    // Whatever happens: a disk that is full must not be tried for each batch.
    this.#pausedUntilMs = nowMs + pauseMs
    let to = this.#untilNs
    try {
      await transaction(async connection => {
        to = await this.#mergeTurn(connection)
      })
    } catch (error) {
      this.#turnIntervals = greater(1n, this.#turnIntervals / 2n)
      throw error
    }
    this.#turnIntervals = lesser(turnIntervals, this.#turnIntervals + 1n)
    this.#untilNs = to
    if (this.#hasDue()) this.#pausedUntilMs = 0
  }

  /** Returns up to where it has merged. */
  async #mergeTurn(connection: DuckDBConnection): Promise<bigint> {
    const { table, intervalNs } = this.#level
    const source = this.#finer === undefined ? 'points' : this.#finer.#level.table
    const settled = this.#before(this.#settledNs())
    const from = this.#untilNs
    const [first = []] = await columns(
      connection,
      `select min(end_ns) from ${source} where end_ns > $from and end_ns <= $settled`,
      { from, settled },
    )
    const to =
      typeof first[0] === 'bigint'
        ? lesser(settled, this.#before(first[0] - 1n) + this.#turnIntervals * intervalNs)
        : settled
    // Rows after it stay until their turn: a reader may have asked how far is merged before a late point.
    await connection.run(`delete from ${table} where end_ns > $from and end_ns <= $to`, {
      from,
      to,
    })
    await connection.run(mergeSql(this.#level, source), { from, to })
    await this.#note(connection, to)
    return to
  }

  /**
   * Forgets the intervals of points that are dropped, in the transaction that drops them. The row of an
   * interval of which some stay goes with the next drop: who asked how far is merged before this one, and
   * reads after it, would miss those that stay.
   */
  async drop(connection: DuckDBConnection, beforeNs: bigint): Promise<number> {
    const from = this.#after(beforeNs)
    if (from <= this.#fromNs) return 0
    this.#fromNs = from
    this.#saved = false
    const { rowsChanged } = await connection.run(
      `delete from ${this.#level.table} where end_ns < $beforeNs`,
      { beforeNs },
    )
    await this.save(connection)
    return rowsChanged
  }

  /** Up to where all is there to be merged. */
  #settledNs(): bigint {
    const settled = this.#newestNs - this.#level.settledNs
    return this.#finer === undefined ? settled : lesser(settled, this.#finer.#untilNs)
  }

  #hasDue(): boolean {
    return this.#settledNs() - this.#untilNs >= this.#level.dueNs
  }

  async #note(connection: DuckDBConnection, untilNs: bigint): Promise<void> {
    const [fromKey, untilKey] = [this.#fromKey, this.#untilKey]
    await connection.run('delete from meta where key in ($fromKey, $untilKey)', {
      fromKey,
      untilKey,
    })
    await connection.run('insert into meta values ($fromKey, $from), ($untilKey, $until)', {
      fromKey,
      from: String(this.#fromNs),
      untilKey,
      until: String(untilNs),
    })
  }

  get #fromKey(): string {
    return `${this.#level.table}_from`
  }

  get #untilKey(): string {
    return `${this.#level.table}_until`
  }

  /** The last end of an interval that is not after a time, and the first that is not before it. */
  #before(ns: bigint): bigint {
    const { intervalNs } = this.#level
    return ns < 0n ? 0n : (ns / intervalNs) * intervalNs
  }

  #after(ns: bigint): bigint {
    return this.#before(ns + this.#level.intervalNs - 1n)
  }
}

/**
 * `lowest` and `highest` are where buckets lie at scale 0, with fractions: `width` apart, they are at most
 * `width * 2^scale`, rounded up, apart at another scale.
 *
 * A list is filled row by row: as rows of their own, joined, the empty buckets of 18,000 rows took more than
 * 512 MB.
 */
const mergeSql = ({ table, intervalNs }: Level, source: string): string => `with found as (
   select *, least(start_ns, end_ns - 1) as from_ns, (end_ns - 1) // ${intervalNs} as part
   from ${source} where end_ns > $from and end_ns <= $to
 ), chosen as (
   select *, first * power(2, -scale) as lowest,
     (first + len(buckets) - 1) * power(2, -scale) as highest
   from found where from_ns // ${intervalNs} = part
 ), totals as (
   select series, source, part, min(from_ns) as start_ns, max(end_ns) as end_ns,
     sum(count) as count, sum(sum) as sum, sum(zero_count) as zero_count,
     case when bool_and(min is not null) then min(min) end as min,
     case when bool_and(max is not null) then max(max) end as max,
     max(highest) filter (len(buckets) > 0) - min(lowest) filter (len(buckets) > 0) as width,
     least(min(scale), floor(log2(${bucketLimit - 1} / nullif(width, 0))))::tinyint as scale
   from chosen group by series, source, part
 ), single as (
   select c.series, c.source, c.part, unnest(c.buckets) as n, c.scale - t.scale as down,
     c.first + generate_subscripts(c.buckets, 1) - 1 as i
   from chosen c join totals t
     on t.series = c.series and t.source = c.source and t.part = c.part
 ), merged as (
   select series, source, part, floor(i / power(2, down))::integer as i, sum(n) as n
   from single where n > 0 group by all
 ), packed as (
   select series, source, part, min(i) as first, max(i) as last,
     list(i order by i) as indexes, list(n order by i) as counts
   from merged group by series, source, part
 )
 insert into ${table}
 select t.series, t.source, t.start_ns, t.end_ns, t.count, t.sum, t.min, t.max, t.scale,
   t.zero_count, coalesce(p.first, 0), coalesce(list_transform(range(p.first, p.last + 1),
     lambda i: coalesce(p.counts[list_position(p.indexes, i::integer)], 0)::double), [])
 from totals t left join packed p
   on p.series = t.series and p.source = t.source and p.part = t.part
 union all
 select series, source, start_ns, end_ns, count, sum, min, max, scale, zero_count, first, buckets
 from found where from_ns // ${intervalNs} <> part
 order by end_ns`

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b)
