import pg from 'pg'
import { ConsoleError } from '../errors.js'
import type { Rows } from './read-catalog.js'

const settings = {
  connectMs: 5_000,
  /** A plan takes milliseconds; one that takes so long is let go. */
  statementMs: 5_000,
  /** A table that somebody has locked is not waited for. */
  lockMs: 1_000,
  /** The server ends a transaction of ours that nobody goes on with. */
  idleMs: 60_000,
  /** A real index on a copy takes longer than a plan. */
  buildMs: 60_000,
} as const

/**
 * A connection to the database that is asked. All that it does is in transactions that read only, with timeouts,
 * and rolled back: through a pooler too, nothing is left in the session.
 */
export class Session {
  /** Questions that the server was asked, and how long they took together: the load that advice is. */
  asked = 0
  askedMs = 0
  /** The server, or the way to it, is gone: nothing more can be asked. */
  isLost = false

  /** What is to be set in each transaction, beside the timeouts. */
  private quiet: readonly string[] = []

  private constructor(
    private readonly client: pg.Client,
    readonly isCopy: boolean,
  ) {}

  /** Throws a `ConsoleError` that says what the server said, without the address's password. */
  static async open(url: string, { isCopy = false } = {}): Promise<Session> {
    const place = placeOf(url)
    const client = new pg.Client({
      connectionString: url,
      application_name: 'hotpath index',
      connectionTimeoutMillis: settings.connectMs,
    })
    const session = new Session(client, isCopy)
    client.on('error', () => (session.isLost = true))
    try {
      await client.connect()
      session.quiet = await session.unseen()
    } catch (error) {
      await client.end().catch(() => {})
      throw new ConsoleError('DATABASE_AWAY', { place, cause: causeOf(error) })
    }
    return session
  }

  /** A superuser's questions need not stand among the app's in pg_stat_statements; others may not say so. */
  private async unseen(): Promise<string[]> {
    const [row] = await this.rows(
      `select current_setting('is_superuser') = 'on' and current_setting('pg_stat_statements.track', true) is not null as may`,
    )
    return row?.['may'] === true ? ["set local pg_stat_statements.track = 'none'"] : []
  }

  /** Ends the connection: with it goes what the session had, also in the middle of a statement. */
  async close(): Promise<void> {
    await Promise.race([
      this.client.end().catch(() => {}),
      new Promise(resolve => setTimeout(resolve, 1_000).unref()),
    ])
  }

  /** Asks; one statement alone is taken. */
  readonly rows: Rows = async (sql, values = []) => {
    const config = { text: sql, values: [...values], queryMode: 'extended' } as const
    const { rows } = await this.timed(this.client.query<Record<string, unknown>>(config))
    return rows
  }

  /** Asks several of our own at once, for one way to the server and back; the rows of each. */
  async several(statements: readonly string[]): Promise<Record<string, unknown>[][]> {
    const answer = (await this.timed(this.client.query(statements.join(';\n')))) as unknown
    const all = (Array.isArray(answer) ? answer : [answer]) as pg.QueryResult<
      Record<string, unknown>
    >[]
    return all.map(({ rows }) => rows)
  }

  /**
   * Runs `work` in a transaction that is rolled back. It reads only; on a copy, where real indexes are made for
   * the time of it, it may write.
   */
  async transaction<T>(work: () => Promise<T>, { builds = false } = {}): Promise<T> {
    await this.several([
      builds && this.isCopy ? 'begin' : 'begin read only',
      `set local statement_timeout = ${builds ? settings.buildMs : settings.statementMs}`,
      `set local lock_timeout = ${settings.lockMs}`,
      `set local idle_in_transaction_session_timeout = ${settings.idleMs}`,
      // As they are quoted here.
      'set local standard_conforming_strings = on',
      ...this.quiet,
    ])
    try {
      return await work()
    } finally {
      await this.several(['rollback']).catch(() => {})
    }
  }

  /** Runs `work`; what it did is undone when it throws, and the transaction goes on. */
  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    await this.several(['savepoint hotpath_try'])
    try {
      return await work()
    } catch (error) {
      await this.several(['rollback to savepoint hotpath_try'])
      throw error
    } finally {
      await this.several(['release savepoint hotpath_try']).catch(() => {})
    }
  }

  private async timed<T>(question: Promise<T>): Promise<T> {
    const from = performance.now()
    this.asked++
    try {
      return await question
    } finally {
      this.askedMs += performance.now() - from
    }
  }
}

/** Whether both are of one database, whatever the addresses are: a lock that one takes there, the other one sees. */
export async function areOfOneDatabase(one: Session, other: Session): Promise<boolean> {
  const keys = [0, 0].map(() => Math.floor(Math.random() * 2 ** 31))
  return one.transaction(async () => {
    await one.rows('select pg_catalog.pg_advisory_xact_lock($1::int, $2::int)', keys)
    const seen = await other.transaction(() =>
      other.rows(
        `select 1 from pg_catalog.pg_locks where locktype = 'advisory' and classid = $1 and objid = $2
         and database = (select oid from pg_catalog.pg_database where datname = current_database())`,
        keys,
      ),
    )
    return seen.length > 0
  })
}

/** `127.0.0.1:5432/shop`: an address without user and password. Throws a `ConsoleError` for what is none. */
export function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^postgres(?:ql)?:$/.test(parsed.protocol)) {
    const got =
      parsed === undefined ? 'no address' : `an address of ${parsed.protocol.slice(0, -1)}`
    throw new ConsoleError('DATABASE_URL', { got })
  }
  return `${parsed.host || 'localhost'}${parsed.pathname}`
}

/** The server's word, or the network's, and what to do about it. */
export function causeOf(error: unknown): string {
  const { code = '', message = String(error) } = error as { code?: string; message?: string }
  const more: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'there is no such host',
    '28P01': 'wrong user or password',
    '28000': 'this user may not log in',
    '3D000': 'there is no such database',
    '53300': 'it has no connection left',
    '57P03': 'it is starting up or shutting down',
  }
  return more[code] === undefined
    ? message.replace(/\.$/, '')
    : `${more[code]}${code.length === 5 ? ` (${message})` : ''}`
}

export const sqlState = (error: unknown): string =>
  String((error as { code?: unknown } | null)?.code ?? '')

/** Why the server did not plan a statement. */
export function reasonFor(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    '42P01': 'a table of it is not here',
    '42501': 'this user may not read a table of it',
    '55P03': 'a table of it is locked',
    '57014': 'planning it took too long',
    '25006': 'a standby does not plan what writes',
  }
  const state = sqlState(error)
  return known[state] === undefined ? causeOf(error) : `${known[state]} (${causeOf(error)})`
}
