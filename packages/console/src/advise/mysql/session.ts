import mysql from 'mysql2/promise'
import { ConsoleError } from '../../errors.js'
import { isMySql } from '../databases.js'

const settings = {
  connectMs: 5_000,
  /** A plan takes milliseconds; one that takes so long is let go. */
  statementMs: 5_000,
  /** A table that somebody has locked is not waited for longer. Seconds: the server knows no less. */
  lockSeconds: 1,
  /** A real index on a copy takes longer than a plan. */
  buildMs: 60_000,
} as const

export type Row = Readonly<Record<string, unknown>>

/**
 * A connection to a MariaDB or MySQL that is asked. It reads only, with timeouts; where indexes are made and dropped
 * it may write. It goes with all that it set.
 */
export class Session {
  /** Questions that the server was asked, and how long they took together: the load that advice is. */
  asked = 0
  askedMs = 0
  /** The server, or the way to it, is gone: nothing more can be asked. */
  isLost = false
  isMariaDb = true
  /** 101119 for 10.11.19. */
  version = 0
  /** The database that names without one are of. */
  schema = ''

  private constructor(
    private readonly connection: mysql.Connection,
    private readonly writes: boolean,
  ) {}

  /** Throws a `ConsoleError` that says what the server said, without the address's password. */
  static async open(url: string, { writes = false } = {}): Promise<Session> {
    const place = placeOf(url)
    let connection: mysql.Connection
    try {
      connection = await mysql.createConnection({
        uri: url.replace(/^mariadb:/, 'mysql:'),
        connectTimeout: settings.connectMs,
        // What a statement of a file says is one statement.
        multipleStatements: false,
        dateStrings: true,
        supportBigNumbers: true,
        bigNumberStrings: true,
        connectAttributes: { program_name: 'hotpath index' },
      })
    } catch (error) {
      throw new ConsoleError('DATABASE_AWAY', { place, cause: causeOf(error) })
    }
    const session = new Session(connection, writes)
    connection.on('error', () => (session.isLost = true))
    try {
      await session.ready(place)
      return session
    } catch (error) {
      await session.close()
      throw error
    }
  }

  /** Asks; one statement alone is taken. */
  async rows(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const from = performance.now()
    this.asked++
    try {
      const [rows] = await this.connection.query(sql, [...values])
      return Array.isArray(rows) ? (rows as Row[]) : []
    } catch (error) {
      if ((error as { fatal?: unknown }).fatal === true) this.isLost = true
      throw error
    } finally {
      this.askedMs += performance.now() - from
    }
  }

  /** By which another connection may cancel what this one runs. */
  get id(): number {
    return this.connection.threadId
  }

  /** Runs `work` with the time that making an index may take. */
  async building<T>(work: () => Promise<T>): Promise<T> {
    await this.limit(settings.buildMs)
    try {
      return await work()
    } finally {
      if (!this.isLost) await this.limit(settings.statementMs)
    }
  }

  /** Ends the connection: with it goes what the session had, also in the middle of a statement. */
  async close(): Promise<void> {
    await Promise.race([
      this.connection.end().catch(() => {}),
      new Promise(resolve => setTimeout(resolve, 1_000).unref()),
    ])
    this.connection.destroy()
  }

  private async ready(place: string): Promise<void> {
    const [row] = await this.rows('select version() as version, database() as name')
    const version = String(row?.['version'])
    const [, major = '0', minor = '0', patch = '0'] = /(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
    this.version = Number(major) * 10_000 + Number(minor) * 100 + Number(patch)
    this.isMariaDb = /mariadb/i.test(version)
    if (row?.['name'] == null)
      throw new ConsoleError('DATABASE_FAILED', {
        place,
        cause: 'the address names no database (mysql://USER@HOST/NAME)',
      })
    this.schema = String(row['name'])
    await this.limit(settings.statementMs)
    await this.rows(`set session lock_wait_timeout = ${settings.lockSeconds}`)
    await this.rows(`set session innodb_lock_wait_timeout = ${settings.lockSeconds}`)
    // As texts are quoted here; and performance_schema writes `count ( * )`.
    await this.rows(`set session sql_mode = 'IGNORE_SPACE,NO_ENGINE_SUBSTITUTION'`)
    if (!this.writes) await this.rows('set session transaction read only')
  }

  private async limit(ms: number): Promise<void> {
    await this.rows(
      this.isMariaDb
        ? `set session max_statement_time = ${ms / 1_000}`
        : // Of reads alone: MySQL lets what writes go on.
          `set session max_execution_time = ${ms}`,
    )
  }
}

/** Whether both are of one database, whatever the addresses are: a lock that one takes there, the other one sees. */
export async function areOfOneDatabase(one: Session, other: Session): Promise<boolean> {
  if (one.schema.toLowerCase() !== other.schema.toLowerCase()) return false
  const name = `hotpath ${Math.random()}`
  await one.rows('select get_lock(?, 0) as taken', [name])
  try {
    const [row] = await other.rows('select is_used_lock(?) as holder', [name])
    return row?.['holder'] != null
  } finally {
    await one.rows('select release_lock(?) as released', [name])
  }
}

/** `127.0.0.1:3306/shop`: an address without user and password. Throws a `ConsoleError` for what is none. */
export function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !isMySql(url))
    throw new ConsoleError('DATABASE_URL', {
      got: parsed === undefined ? 'no address' : `an address of ${parsed.protocol.slice(0, -1)}`,
    })
  return `${parsed.host || 'localhost'}${parsed.pathname}`
}

export const codeOf = (error: unknown): string =>
  String((error as { code?: unknown } | null)?.code ?? '')

/** The server's word, or the network's, and what to do about it. */
export function causeOf(error: unknown): string {
  const { sqlMessage, message = String(error) } = error as {
    sqlMessage?: string
    message?: string
  }
  const more: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'there is no such host',
    ETIMEDOUT: 'it did not answer in time',
    ER_ACCESS_DENIED_ERROR: 'wrong user or password',
    ER_DBACCESS_DENIED_ERROR: 'this user may not use this database',
    ER_BAD_DB_ERROR: 'there is no such database',
    ER_CON_COUNT_ERROR: 'it has no connection left',
    ER_SERVER_SHUTDOWN: 'it is shutting down',
    PROTOCOL_CONNECTION_LOST: 'the connection was lost',
  }
  return more[codeOf(error)] ?? (sqlMessage ?? message).replace(/\.$/, '')
}

/** Why the server did not plan a statement. */
export function reasonFor(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    ER_NO_SUCH_TABLE: 'a table of it is not here',
    ER_TABLEACCESS_DENIED_ERROR: 'this user may not read a table of it',
    ER_COLUMNACCESS_DENIED_ERROR: 'this user may not read a column of it',
    ER_VIEW_NO_EXPLAIN: 'this user may not look into a view of it',
    ER_LOCK_WAIT_TIMEOUT: 'a table of it is locked',
    ER_STATEMENT_TIMEOUT: 'planning it took too long',
    ER_QUERY_TIMEOUT: 'planning it took too long',
    ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: 'a session that only reads does not plan it',
  }
  const reason = known[codeOf(error)]
  return reason === undefined ? causeOf(error) : `${reason} (${causeOf(error)})`
}
