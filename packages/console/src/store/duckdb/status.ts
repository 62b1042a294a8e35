import { statSync } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Extent, StoreStatus } from '../store.js'
import { columns } from './database.js'

/** What the file holds. `bytes` is what it takes on the disk, with its log and its free blocks. */
export async function readStatus(connection: DuckDBConnection, path: string): Promise<StoreStatus> {
  const [spans, traces] = await columns(
    connection,
    `select (select count(*) from spans),
       (select count(*) from (select distinct trace_hi, trace_lo from spans))`,
  )
  return {
    path,
    bytes: size(path) + size(`${path}.wal`),
    spans: Number(spans?.[0]),
    traces: Number(traces?.[0]),
    ...(await readExtent(connection)),
  }
}

/** Times of the oldest and the newest that is stored, without counting: every answer asks for them. */
export async function readExtent(connection: DuckDBConnection): Promise<Extent> {
  const ends = await columns(
    connection,
    `select * from (select min(start_ns), max(start_ns) from spans),
       (select min(end_ns), max(end_ns) from points)`,
  )
  const times = ends
    .map(column => column[0])
    .filter(value => typeof value === 'bigint')
    .map(ns => Number(ns / 1_000_000n))
  return times.length > 0 ? { oldestMs: Math.min(...times), newestMs: Math.max(...times) } : {}
}

const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
