import type { DuckDBConnection } from '@duckdb/node-api'
import type { PointRow } from '../encode.js'
import { columns } from './database.js'

const minuteNs = 60_000_000_000n

/** Points that come later than this make their minutes be merged again. */
const settledNs = 5n * minuteNs
/** So much must be new before it is merged: what was settled stays so for most senders. */
const dueNs = 10n * minuteNs
/** What one transaction merges: 50,000 points take about a second of processor time. */
const turnNs = 60n * minuteNs
/** Between two times of merging, for a sender whose clock is hours behind. */
const pauseMs = 60_000

/**
 * The points of each minute, merged by series and process: a table of its own with the columns of
 * `points`. A recorder sends every ten seconds, or every second; to add up ten hours of that anew for
 * each look at the page takes 0.4 s of processor time, of their minutes 60 ms.
 *
 * Minutes (from, until] are merged; a point belongs to the minute in which it ends. Points stay, so
 * whoever reads them instead is right at any time: `until` goes down before a late point is written, and
 * up after its minute was merged.
 */
export class Minutes {
  #fromNs = 0n
  #untilNs = 0n
  #newestNs = 0n
  #saved = true
  #pausedUntilMs = 0

  /** Reads what the file has; to be called again after a rollback or a prune. */
  async load(connection: DuckDBConnection): Promise<void> {
    const [keys = [], values = []] = await columns(
      connection,
      "select key, value from meta where key in ('minutes_from', 'minutes_until')",
    )
    const value = (key: string): bigint => BigInt(String(values[keys.indexOf(key)] ?? 0))
    this.#fromNs = value('minutes_from')
    this.#untilNs = value('minutes_until')
    const [newest = []] = await columns(connection, 'select max(end_ns) from points')
    this.#newestNs = typeof newest[0] === 'bigint' ? newest[0] : 0n
    this.#saved = true
  }

  /** The end of the newest point. */
  get newestNs(): bigint {
    return this.#newestNs
  }

  /** The merged minutes that lie wholly in a stretch; `[since, since]` for none. */
  within(sinceNs: bigint, untilNs: bigint): readonly [fromNs: bigint, untilNs: bigint] {
    const from = greater(this.#fromNs, minuteAfter(sinceNs))
    const until = lesser(this.#untilNs, minuteBefore(untilNs))
    return until > from ? [from, until] : [sinceNs, sinceNs]
  }

  /** To be told of points before they are committed. */
  notice(points: readonly PointRow[]): void {
    for (const { endNs } of points) {
      if (endNs > this.#newestNs) this.#newestNs = endNs
      if (endNs > this.#untilNs) continue
      this.#untilNs = minuteBefore(endNs - 1n)
      this.#saved = false
    }
  }

  /** Writes how far is merged, inside the caller's transaction. */
  async save(connection: DuckDBConnection): Promise<void> {
    if (this.#saved) return
    await connection.run("delete from meta where key in ('minutes_from', 'minutes_until')")
    await connection.run(
      "insert into meta values ('minutes_from', $from), ('minutes_until', $until)",
      {
        from: String(this.#fromNs),
        until: String(this.#untilNs),
      },
    )
    this.#saved = true
  }

  isDue(nowMs: number): boolean {
    return this.#newestNs - this.#untilNs >= dueNs && nowMs >= this.#pausedUntilMs
  }

  /** Merges some of what is due. `transaction` runs its work in one of its own. */
  async merge(
    transaction: (work: (connection: DuckDBConnection) => Promise<void>) => Promise<void>,
    nowMs: number,
  ): Promise<void> {
    // Whatever happens: a disk that is full must not be tried for each batch.
    this.#pausedUntilMs = nowMs + pauseMs
    let until = this.#untilNs
    await transaction(async connection => {
      const [first = []] = await columns(
        connection,
        'select min(end_ns) from points where end_ns > $until',
        { until },
      )
      if (typeof first[0] !== 'bigint') return
      const to = lesser(
        minuteBefore(this.#newestNs - settledNs),
        minuteBefore(first[0] - 1n) + turnNs,
      )
      await connection.run('delete from minutes where end_ns > $until', { until })
      await connection.run(mergeSql, { from: until, to })
      await connection.run("delete from meta where key = 'minutes_until'")
      await connection.run("insert into meta values ('minutes_until', $to)", { to: String(to) })
      until = to
    })
    this.#untilNs = until
    if (this.#newestNs - until >= dueNs) this.#pausedUntilMs = 0
  }

  /** Forgets the minutes of points that are dropped, in the transaction that drops them. */
  async drop(connection: DuckDBConnection, beforeNs: bigint): Promise<void> {
    const from = minuteAfter(beforeNs)
    if (from <= this.#fromNs) return
    this.#fromNs = from
    this.#saved = false
    await connection.run('delete from minutes where end_ns <= $from', { from })
    await this.save(connection)
  }
}

/**
 * SQL: points and minutes that end in ($since, $until], with `$merged_from` and `$merged_until` of
 * `within`.
 */
export const pointsOfWindow = `(
   select * from minutes where end_ns > $merged_from and end_ns <= $merged_until
   union all select * from points where end_ns > $since and end_ns <= $merged_from
   union all select * from points where end_ns > $merged_until and end_ns <= $until
 )`

const mergeSql = `with chosen as (
   select *, (end_ns - 1) // ${minuteNs} as minute from points where end_ns > $from and end_ns <= $to
 ), totals as (
   select series, source, minute, min(start_ns) as start_ns, max(end_ns) as end_ns,
     sum(count) as count, sum(sum) as sum, sum(zero_count) as zero_count,
     case when bool_and(min is not null) then min(min) end as min,
     case when bool_and(max is not null) then max(max) end as max, min(scale) as scale
   from chosen group by series, source, minute
 ), single as (
   select c.series, c.source, c.minute, unnest(c.buckets) as n, c.scale - t.scale as down,
     c.first + generate_subscripts(c.buckets, 1) - 1 as i
   from chosen c join totals t
     on t.series = c.series and t.source = c.source and t.minute = c.minute
 ), merged as (
   select series, source, minute, floor(i / power(2, down))::integer as i, sum(n) as n
   from single where n > 0 group by all
 ), filled as (
   select series, source, minute, unnest(range(min(i), max(i) + 1))::integer as i
   from merged group by series, source, minute
 ), packed as (
   select f.series, f.source, f.minute, min(f.i) as first,
     list(coalesce(m.n, 0)::double order by f.i) as buckets
   from filled f left join merged m
     on m.series = f.series and m.source = f.source and m.minute = f.minute and m.i = f.i
   group by f.series, f.source, f.minute
 )
 insert into minutes
 select t.series, t.source, t.start_ns, t.end_ns, t.count, t.sum, t.min, t.max, t.scale,
   t.zero_count, coalesce(p.first, 0), coalesce(p.buckets, [])
 from totals t left join packed p
   on p.series = t.series and p.source = t.source and p.minute = t.minute
 order by t.minute`

/** The last end of a minute that is not after a time, and the first that is not before it. */
const minuteBefore = (ns: bigint): bigint => (ns < 0n ? 0n : (ns / minuteNs) * minuteNs)
const minuteAfter = (ns: bigint): bigint => minuteBefore(ns + minuteNs - 1n)

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b)
