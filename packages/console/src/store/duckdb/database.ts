import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { DuckDBInstance } from './api.js'
import { ConsoleError } from '../../errors.js'
import { sentence } from '../sentence.js'
import { migrations, schema, schemaVersion } from './schema.js'

/**
 * Bytes of log after which DuckDB writes it into the file. Measured with 800,000 spans: at its default
 * of 16 MB a span costs 10 to 30 us of processor time and 152 bytes, since each checkpoint writes the
 * last groups of rows anew; at 128 MB 6 to 15 us and 92 bytes (on a machine busy with other work). A console that was
 * killed reads its log again when it starts: 100 MB take 1.1 s.
 */
const checkpointBytes = '128MB'

export interface DatabaseOptions {
  readonly path: string
  readonly readOnly: boolean
  /** As DuckDB takes it: `512MB`. */
  readonly memoryLimit: string
  readonly threads: number
}

/**
 * An open file with a connection that writes and two that read: a connection answers one question after
 * another, so those that go over much have their own.
 */
export interface Database {
  readonly path: string
  readonly writer: DuckDBConnection
  readonly reader: DuckDBConnection
  readonly longReader: DuckDBConnection
  close(): void
}

/** Opens the file, or makes it. Throws a `ConsoleError` that says what to do. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  prepareFile(options)
  const instance = await DuckDBInstance.create(options.path, {
    memory_limit: options.memoryLimit,
    threads: String(options.threads),
    access_mode: options.readOnly ? 'READ_ONLY' : 'READ_WRITE',
    checkpoint_threshold: checkpointBytes,
    // No download, ever: what we need is built in.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  }).catch((error: unknown) => {
    throw refusal(options.path, error)
  })
  try {
    const writer = await instance.connect()
    const reader = await instance.connect()
    const longReader = await instance.connect()
    await checkFormat(writer, options)
    return {
      path: options.path,
      writer,
      reader,
      longReader,
      close: () => {
        writer.closeSync()
        reader.closeSync()
        longReader.closeSync()
        instance.closeSync()
      },
    }
  } catch (error) {
    instance.closeSync()
    throw refusal(options.path, error)
  }
}

/** All rows of a statement, by column. `types` are of values whose type cannot be told from them: lists. */
export async function columns(
  connection: DuckDBConnection,
  sql: string,
  values: Record<string, DuckDBValue> = {},
  types: Record<string, DuckDBType> = {},
): Promise<readonly DuckDBValue[][]> {
  return (await connection.run(sql, values, types)).getColumns()
}

function prepareFile({ path, readOnly }: DatabaseOptions): void {
  try {
    if (readOnly) {
      const found = statSync(path, { throwIfNoEntry: false })
      if (found === undefined) throw new ConsoleError('STORE_MISSING', { path })
      if (!found.isFile()) throw new ConsoleError('STORE_FOREIGN', { path, cause: 'it is no file' })
      return
    }
    makeFolder(dirname(path))
    accessSync(dirname(path), constants.W_OK)
    // A console that was killed while it made the file leaves it empty; there is nothing in it to lose.
    // So is a pipe or a device, which is not ours to remove; and opening one may never end.
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isFile() === true && found.size === 0) unlinkSync(path)
    else if (found !== undefined && !found.isFile() && !found.isDirectory())
      throw new ConsoleError('STORE_FOREIGN', { path, cause: 'it is no file' })
  } catch (error) {
    if (error instanceof ConsoleError) throw error
    throw new ConsoleError('STORE_DIRECTORY', { path, cause: sentence(error) })
  }
}

/**
 * One folder after another: in /proc Node's recursive way tries for ever. Our own folder is none of the
 * app's sources, and says so to git.
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path)
  if (basename(path) === '.hotpath') writeFileSync(join(path, '.gitignore'), '*\n')
}

async function checkFormat(connection: DuckDBConnection, options: DatabaseOptions): Promise<void> {
  const { path, readOnly } = options
  const [names = []] = await columns(connection, 'select table_name from duckdb_tables()')
  if (!names.includes('meta')) {
    if (names.length > 0)
      throw new ConsoleError('STORE_FOREIGN', {
        path,
        cause: 'it is a DuckDB file with other tables',
      })
    if (readOnly) throw new ConsoleError('STORE_MISSING', { path })
    // One transaction: a console killed here leaves a file without tables, which is made again.
    await connection.run(`begin; ${schema} ${migrationFrom(1)} commit;`)
    return
  }
  const [values = []] = await columns(connection, "select value from meta where key = 'format'")
  const found = String(values[0] ?? 'unknown')
  if (Number(found) === schemaVersion) return
  if (Number(found) >= 1 && Number(found) < schemaVersion) {
    if (readOnly) throw new ConsoleError('STORE_OLDER', { path, found })
    await connection.run(`begin; ${migrationFrom(Number(found))} commit;`)
    return
  }
  throw new ConsoleError('STORE_NEWER', { path, found, known: String(schemaVersion) })
}

/** All steps from a format to today's, with the note that they were made. */
function migrationFrom(format: number): string {
  const steps = Object.entries(migrations).filter(([from]) => Number(from) >= format)
  const sql = steps.map(([, step]) => step).join('')
  return `${sql} update meta set value = '${schemaVersion}' where key = 'format';`
}

/** What DuckDB 1.5 says, in our words. Its errors have no codes, so their texts are looked at. */
function refusal(path: string, error: unknown): ConsoleError {
  if (error instanceof ConsoleError) return error
  const text = error instanceof Error ? error.message : String(error)
  if (text.includes('Could not set lock')) {
    const holder = /PID \d+/.exec(text)?.[0]
    return new ConsoleError('STORE_LOCKED', {
      path,
      holder: holder?.replace('PID', 'process') ?? null,
    })
  }
  if (text.includes('not a valid DuckDB database'))
    return new ConsoleError('STORE_FOREIGN', { path, cause: 'it is not a DuckDB file' })
  if (/newer version of DuckDB|older version of DuckDB|storage version/i.test(text)) {
    const found = /version number (\d+)/.exec(text)?.[1] ?? 'unknown'
    return new ConsoleError('STORE_NEWER', { path, found: `DuckDB ${found}`, known: 'DuckDB 1.5' })
  }
  if (/Cannot open file|Permission denied|Is a directory|Read-only file system|No space/.test(text))
    return new ConsoleError('STORE_DIRECTORY', { path, cause: sentence(error) })
  if (/orrupt|checksum|Could not read|WAL|deserializ/i.test(text))
    return new ConsoleError('STORE_CORRUPT', { path, cause: sentence(error) })
  return new ConsoleError('STORE_FAILED', { path, cause: sentence(error) })
}
