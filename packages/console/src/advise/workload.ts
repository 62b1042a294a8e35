import { existsSync, readFileSync, statSync } from 'node:fs'
import { ConsoleError } from '../errors.js'
import type { RouteShare, Statement } from './advice.js'
import { Session } from './session.js'

/** Statements, and where they are from. */
export interface Workload {
  readonly source: string
  readonly statements: readonly Statement[]
}

/** A file of statements is written by hand or by a log's reader; a hundred megabytes are neither. */
const mostBytes = 20_000_000

/**
 * The statements of a file: JSON, a list of `{ "sql", "calls", "ms", "route" }`, or SQL with a semicolon behind each.
 * Throws a `ConsoleError` that says what is wrong with it.
 */
export function fromFile(file: string, piecesOf = piecesOfFile): Workload {
  if (!existsSync(file))
    throw new ConsoleError('WORKLOAD_FILE', { file, cause: 'there is no such file' })
  if (statSync(file).size > mostBytes)
    throw new ConsoleError('WORKLOAD_FILE', {
      file,
      cause: `it has more than ${mostBytes / 1e6} MB`,
    })
  const text = readFileSync(file, 'utf8')
  const statements = /^\s*\[/.test(text) ? fromJson(file, text) : fromSql(piecesOf(text))
  if (statements.length === 0)
    throw new ConsoleError('WORKLOAD_FILE', { file, cause: 'it has no statements' })
  return { source: file, statements }
}

function fromJson(file: string, text: string): Statement[] {
  let items: unknown
  try {
    items = JSON.parse(text)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new ConsoleError('WORKLOAD_FILE', { file, cause: `it is no JSON (${cause})` })
  }
  return (items as unknown[]).map((item, at) => {
    const { sql, calls = 1, ms, route } = (item ?? {}) as Record<string, unknown>
    const wrong =
      typeof sql !== 'string' || sql.trim() === ''
        ? '`sql` must be a text'
        : typeof calls !== 'number' || !(calls > 0)
          ? '`calls` must be a number above 0'
          : ms !== undefined && (typeof ms !== 'number' || !(ms >= 0))
            ? '`ms`, of all calls together, must be a number'
            : route !== undefined && typeof route !== 'string'
              ? '`route` must be a text'
              : undefined
    if (wrong !== undefined)
      throw new ConsoleError('WORKLOAD_FILE', { file, cause: `in number ${at + 1}, ${wrong}` })
    return {
      text: sql as string,
      calls: calls as number,
      ...(ms === undefined ? {} : { ms: ms as number }),
      routes: route === undefined ? [] : [{ route: route as string }],
    }
  })
}

const token =
  /(?<![\w$])[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?<tag>[A-Za-z_]\w*)?\$[^]*?\$\k<tag>\$|--[^\n]*|\/\*[^]*?\*\/|;|[^'"$;\-/eE]+|[^]/g

/** What a file is split at, and of; a comment of it parts two words, as a blank does. */
const piecesOfFile = (text: string): string[] =>
  [...text.matchAll(token)].map(([piece]) => (/^(?:--|\/\*)/.test(piece) ? ' ' : piece))

/** Split where a semicolon stands outside of texts and comments; a text that comes twice is called twice. */
function fromSql(pieces: readonly string[]): Statement[] {
  const calls = new Map<string, number>()
  let one = ''
  const end = (): void => {
    const sql = one.trim()
    if (sql !== '') calls.set(sql, (calls.get(sql) ?? 0) + 1)
    one = ''
  }
  for (const piece of pieces) {
    if (piece === ';') end()
    else one += piece
  }
  end()
  return [...calls].map(([sql, count]) => ({ text: sql, calls: count, routes: [] }))
}

/**
 * What pg_stat_statements of the database counted, the dearest first; undefined where it is not there or may not be
 * read.
 */
export async function fromServer(url: string): Promise<Workload | undefined> {
  const session = await Session.open(url)
  try {
    return await session.transaction(async () => {
      const [there] = await session.rows(
        `select n.nspname::text as schema, current_setting('server_version_num')::int as version
         from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
         where e.extname = 'pg_stat_statements'`,
      )
      if (there === undefined) return undefined
      const schema = `"${String(there['schema']).replaceAll('"', '""')}"`
      const rows = await session.rows(
        `select query as text, calls::float8 as calls, total_exec_time::float8 as ms
         from ${schema}.pg_stat_statements s join pg_catalog.pg_database d on d.oid = s.dbid
         where d.datname = current_database() and query ~* '^\\s*(/\\*.*\\*/)?\\s*(select|insert|update|delete|with)'
         order by total_exec_time desc limit 500`,
      )
      return {
        source: 'pg_stat_statements',
        statements: rows
          .filter(
            ({ text }) =>
              !/hotpath_advice|pg_catalog\.|pg_stat_statements|hypopg/i.test(String(text)),
          )
          .map(({ text, calls, ms }) => ({
            text: String(text),
            calls: Number(calls),
            ms: Number(ms),
            routes: [],
          })),
      }
    })
  } catch (error) {
    // Not in shared_preload_libraries, or not for this user.
    if (error instanceof ConsoleError) throw error
    return undefined
  } finally {
    await session.close()
  }
}

/** A statement as the console counts it. */
export interface CountedStatement {
  readonly system: string
  readonly statement: string
  readonly count: number
  readonly totalMs: number
  readonly p50Ms?: number | null
}

/** The recorder's templates; each counted once, over services. */
export function fromConsole(
  counted: readonly CountedStatement[],
  routes: ReadonlyMap<string, readonly RouteShare[]>,
  systems: readonly string[] = ['postgresql', ''],
): Workload {
  const statements = counted
    .filter(({ system, statement }) => systems.includes(system) && statement !== '(no text)')
    .map(({ statement, count, totalMs, p50Ms }) => ({
      text: statement,
      calls: count,
      ms: totalMs,
      ...(p50Ms == null ? {} : { p50Ms }),
      routes: routes.get(statement) ?? [],
    }))
  return { source: 'the console', statements }
}

/** Statements of two counts: what one has measured, and the other has counted that the first did not see. */
export function joined(seen: Workload, counted: Workload): Workload {
  const known = new Set(seen.statements.map(({ text }) => shape(text)))
  const more = counted.statements.filter(({ text }) => !known.has(shape(text)))
  return {
    source: more.length === 0 ? seen.source : `${seen.source} and ${counted.source}`,
    statements: [...seen.statements, ...more],
  }
}

/** The same statement, whoever took its data out. */
const shape = (text: string): string =>
  text
    .replaceAll(/\$\d+|\?/g, '?')
    .replaceAll(/\?(?:\s*,\s*\?)+/g, '?')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase()
