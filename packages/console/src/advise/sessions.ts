import { ConsoleError } from '../errors.js'

/** What is asked of a connection, whatever the kind of database. */
interface Asked {
  /** The server, or the way to it, is gone. */
  readonly isLost: boolean
  close(): Promise<void>
}

/** How connections to a kind of database are opened, and their errors told. */
export interface Sessions<Session extends Asked> {
  open(url: string): Promise<Session>
  /** Of a database in which indexes may be made. */
  openCopy(url: string): Promise<Session>
  /** An address without user and password. */
  placeOf(url: string): string
  areOfOneDatabase(one: Session, other: Session): Promise<boolean>
  /** Whether the server has said so, or the way to it. */
  isServers(error: unknown): boolean
  causeOf(error: unknown): string
}

interface Databases {
  readonly database: string
  readonly copy?: string
}

/**
 * Runs `work` with a connection to the database, and one to its copy where there is one; both are closed behind it.
 * Throws a `ConsoleError` where a database does not let it in, does not answer, or is its own copy.
 */
export async function withSessions<Session extends Asked, Result>(
  sessions: Sessions<Session>,
  { database, copy: copyUrl }: Databases,
  work: (session: Session, copy: Session | undefined) => Promise<Result>,
): Promise<Result> {
  const place = sessions.placeOf(database)
  const session = await sessions.open(database)
  let copy: Session | undefined
  try {
    if (copyUrl !== undefined) {
      copy = await sessions.openCopy(copyUrl)
      // Making an index there locks out who writes.
      if (await sessions.areOfOneDatabase(session, copy))
        throw new ConsoleError('PARAMETER', {
          name: '--copy',
          expected: 'another database than the one that is asked',
          got: `${sessions.placeOf(copyUrl)}, which is that one`,
        })
    }
    return await work(session, copy)
  } catch (error) {
    const isServers = sessions.isServers(error) || session.isLost || copy?.isLost === true
    if (error instanceof ConsoleError || !isServers) throw error
    throw new ConsoleError('DATABASE_FAILED', { place, cause: sessions.causeOf(error) })
  } finally {
    await Promise.all([session.close(), copy?.close()])
  }
}
