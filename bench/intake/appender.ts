import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBAppender, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'

/**
 * The yardstick: DuckDB's appender alone, in a process of its own, writing the very rows that the
 * console's store holds in its table of spans into a file with the same columns. No HTTP, no decoding, no
 * histograms, no other table; the rows are values in memory already. Memory, threads and checkpoints are the
 * store's, and 10,000 rows make a transaction: fewer commits than the console makes.
 */
type Ask =
  | { readonly store: string; readonly ms?: undefined }
  | { readonly ms: number; readonly directory: string }

const rowsPerCommit = 10_000

/** Those of the store (`packages/console/src/store`), which gain the appender as much as the console. */
const settings = { memory_limit: '512MB', threads: '2', checkpoint_threshold: '128MB' }

interface Rows {
  readonly ddl: string
  readonly types: readonly string[]
  readonly values: readonly (readonly DuckDBValue[])[]
}

let rows: Rows | undefined

process.on('message', (ask: Ask) => {
  const answer = ask.ms === undefined ? read(ask.store) : append(ask.directory, ask.ms)
  answer.then(
    result => process.send?.({ result: result ?? null }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

/** Takes 20,000 rows of a store: its table as it is, whatever its columns are. */
async function read(store: string): Promise<void> {
  const instance = await DuckDBInstance.create(store, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  const tables = await connection.run("select sql from duckdb_tables() where table_name = 'spans'")
  const ddl = String((await tables.getRows())[0]?.[0])
  const result = await connection.run('select * from spans limit 20000')
  const types = result.columnTypes().map(String)
  rows = { ddl, types, values: await result.getRows() }
  connection.closeSync()
  instance.closeSync()
}

async function append(
  directory: string,
  ms: number,
): Promise<{ readonly spans: number; readonly elapsedMs: number }> {
  if (rows === undefined) throw new Error('no rows were read')
  const path = join(directory, 'appender.duckdb')
  const instance = await DuckDBInstance.create(path, settings)
  const connection = await instance.connect()
  await connection.run(rows.ddl)
  const writers = rows.types.map(writerOf)
  let spans = 0
  const startMs = performance.now()
  while (performance.now() - startMs < ms) {
    await connection.run('begin')
    const to = await connection.createAppender('spans')
    for (let k = 0; k < rowsPerCommit; k++) {
      const row = rows.values[(spans + k) % rows.values.length] ?? []
      for (let i = 0; i < writers.length; i++) {
        const value = row[i]
        if (value === null || value === undefined) to.appendNull()
        else writers[i]?.(to, value)
      }
      to.endRow()
    }
    to.closeSync()
    await connection.run('commit')
    spans += rowsPerCommit
  }
  const elapsedMs = performance.now() - startMs
  connection.closeSync()
  instance.closeSync()
  rmSync(path, { force: true })
  rmSync(`${path}.wal`, { force: true })
  return { spans, elapsedMs }
}

type Write = (to: DuckDBAppender, value: DuckDBValue) => void

/** The call of each column, found once and not for each value. */
function writerOf(type: string): Write {
  const write = writers[type]
  if (write === undefined) throw new Error(`the yardstick cannot append a ${type} yet`)
  return write
}

const writers: Readonly<Record<string, Write>> = {
  VARCHAR: (to, value) => to.appendVarchar(value as string),
  BIGINT: (to, value) => to.appendBigInt(value as bigint),
  UBIGINT: (to, value) => to.appendUBigInt(value as bigint),
  HUGEINT: (to, value) => to.appendHugeInt(value as bigint),
  INTEGER: (to, value) => to.appendInteger(value as number),
  UINTEGER: (to, value) => to.appendUInteger(value as number),
  SMALLINT: (to, value) => to.appendSmallInt(value as number),
  USMALLINT: (to, value) => to.appendUSmallInt(value as number),
  TINYINT: (to, value) => to.appendTinyInt(value as number),
  UTINYINT: (to, value) => to.appendUTinyInt(value as number),
  DOUBLE: (to, value) => to.appendDouble(value as number),
  BOOLEAN: (to, value) => to.appendBoolean(value as boolean),
}
