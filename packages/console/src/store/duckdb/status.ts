import { statSync } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Extent, StoreStatus } from '../store.js'
import { columns } from './database.js'

/** What the file holds. `bytes` is what it takes on the disk, with its log and its free blocks. */
export async function readStatus(
  connection: DuckDBConnection,
  path: string,
  extent: Extent,
): Promise<StoreStatus> {
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
    ...extent,
  }
}

const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
