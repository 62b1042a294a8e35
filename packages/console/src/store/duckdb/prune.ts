import { columns, type Database } from './database.js'
import { nanoseconds } from './window.js'
import type { Writer } from './writer.js'

export interface PruneLimits {
  readonly maxAgeMs: number
  readonly maxBytes: number
  readonly nowMs: number
}

/** Rounds that one call makes at most; the second is rarely needed. */
const rounds = 5

/** What is aimed at, of the limit: so that not every minute has something to drop. */
const aim = 0.9

/**
 * A checkpoint frees only what was dropped in whole groups of 122,880 rows, some 40 MB of spans. Data
 * of less than this are copied instead, which takes about a second.
 */
const copyBytes = 100_000_000

/**
 * Drops what is older than `maxAgeMs`, then the oldest until the data take at most `maxBytes`.
 * A DuckDB file gives blocks back at a checkpoint: those in its middle are written again before the
 * file grows, those at its end are cut off. So what counts here are the blocks in use; the file itself
 * can stay larger for a while, and does not grow meanwhile.
 */
export async function prune(writer: Writer, limits: PruneLimits): Promise<void> {
  const oldest = nanoseconds(limits.nowMs - limits.maxAgeMs)
  await drop(writer, telemetry, oldest)
  // By age alone, and later: a process that was idle for days goes on counting its deliveries.
  const idle = nanoseconds(limits.nowMs - Math.max(limits.maxAgeMs, ledgerMs))
  await drop(writer, ['delete from deliveries where last_ns < $before'], idle)
  for (let round = 0; round < rounds; round++) {
    const used = await usedBytes(writer.database)
    if (used <= limits.maxBytes) return
    const keep = (aim * limits.maxBytes) / used
    const [cut = []] = await columns(
      writer.database.writer,
      `select quantile_disc(ns, $share) from (
         select start_ns as ns from spans union all select end_ns from points
         union all select end_ns from counters union all select end_ns from gauges)`,
      { share: 1 - keep },
    )
    if (typeof cut[0] !== 'bigint') return
    await drop(writer, telemetry, cut[0] + 1n)
    if (used * keep > copyBytes) return
    if ((await usedBytes(writer.database)) > limits.maxBytes) await copy(writer)
  }
}

/** Writes the tables anew, without the gaps that dropped rows left. */
async function copy(writer: Writer): Promise<void> {
  await writer.change(async connection => {
    for (const table of [
      'spans',
      'entries',
      'points',
      'minutes',
      'ten_minutes',
      'counters',
      'gauges',
    ]) {
      await connection.run(`create table fresh as select * from ${table}`)
      await connection.run(`drop table ${table}`)
      await connection.run(`alter table fresh rename to ${table}`)
    }
    return true
  })
  await writer.database.writer.run('checkpoint')
}

/** A row of a ledger takes tens of bytes; without it the next delivery would show a gap. */
const ledgerMs = 30 * 86_400_000

const telemetry = [
  'delete from spans where start_ns < $before',
  'delete from entries where start_ns < $before',
  'delete from points where end_ns < $before',
  'delete from counters where end_ns < $before',
  'delete from gauges where end_ns < $before',
]

/** Services and sets of attributes that nothing points at any more. */
const orphans = [
  `delete from series where id not in (select series from points
     union select series from counters union select series from gauges)`,
  `delete from sources where id not in (
     select source from spans union select source from points
     union select source from counters union select source from gauges
     union select source from deliveries)`,
  'delete from processes where source not in (select id from sources)',
]

async function drop(writer: Writer, statements: readonly string[], before: bigint): Promise<void> {
  await writer.change(async connection => {
    let dropped = 0
    for (const sql of statements) dropped += (await connection.run(sql, { before })).rowsChanged
    if (statements === telemetry) dropped += await writer.rollups.drop(connection, before)
    if (dropped > 0) for (const sql of orphans) await connection.run(sql)
    return dropped > 0
  })
  await writer.database.writer.run('checkpoint')
}

async function usedBytes(database: Database): Promise<number> {
  const [block = [], used = []] = await columns(
    database.writer,
    'select block_size, used_blocks from pragma_database_size()',
  )
  return Number(block[0]) * Number(used[0])
}
