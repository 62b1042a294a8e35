import { statSync } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { StoreStatus } from '../store.js'
import { columns } from './database.js'

/** What the file holds. `bytes` is what it takes on the disk, with its log and its free blocks. */
export async function readStatus(connection: DuckDBConnection, path: string): Promise<StoreStatus> {
  const [spans, traces, spanFirst, spanLast, pointFirst, pointLast] = await columns(
    connection,
    `select * from
       (select count(*), count(distinct trace_id), min(start_ns), max(start_ns) from spans),
       (select min(end_ns), max(end_ns) from points)`,
  )
  const times = [spanFirst, spanLast, pointFirst, pointLast]
    .map(column => column?.[0])
    .filter(value => typeof value === 'bigint')
    .map(ns => Number(ns / 1_000_000n))
  return {
    path,
    bytes: size(path) + size(`${path}.wal`),
    spans: Number(spans?.[0]),
    traces: Number(traces?.[0]),
    ...(times.length > 0 ? { oldestMs: Math.min(...times), newestMs: Math.max(...times) } : {}),
  }
}

const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
