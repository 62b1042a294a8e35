import { createRequire } from 'node:module'
import type * as Api from '@duckdb/node-api'

/**
 * DuckDB's package, by `require`: it is CommonJS of many files, and `import` reads each of them for the names
 * of its exports first. That was .17 of .28 s of processor time at each start of the store's thread.
 */
const duckdb = createRequire(import.meta.url)('@duckdb/node-api') as typeof Api

export const {
  BIGINT,
  BOOLEAN,
  DuckDBDataChunk,
  DuckDBInstance,
  INTEGER,
  LIST,
  UBIGINT,
  VARCHAR,
  listValue,
} = duckdb

export type DuckDBDataChunk = Api.DuckDBDataChunk
