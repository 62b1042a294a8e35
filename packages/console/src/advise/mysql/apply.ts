import { ConsoleError } from '../../errors.js'
import type { Advice } from '../advice.js'
import type { Applied, ApplyOptions } from '../apply.js'
import { causeOf, codeOf, placeOf, Session } from './session.js'
import { literal } from './text.js'

const usual = {
  /** For the lock at the beginning and the end of an ALTER: behind it writers wait. */
  waitMs: 3_000,
  /** For one index. */
  buildMs: 3_600_000,
} as const

/**
 * Makes and drops what the advice says: one at a time, in place while writes go on, with a timeout for locks and one
 * for the statement. An ALTER that breaks off is undone by the server. What could not be tried is left.
 */
export async function apply(
  database: string,
  advice: Advice,
  options: ApplyOptions,
): Promise<Applied[]> {
  const session = await Session.open(database, { writes: true })
  try {
    await ready(session, placeOf(database), options)
    const applied: Applied[] = []
    const steps = [
      ...advice.create.map(one => ({ what: 'make' as const, ...one, sql: one.sql[0] ?? '' })),
      ...advice.drop.map(one => ({ what: 'drop' as const, verified: undefined, ...one })),
    ]
    for (const { what, name, table, sql, verified } of steps) {
      const why = options.signal?.aborted
        ? 'It was interrupted before.'
        : session.isLost
          ? 'The connection was lost before.'
          : verified === 'none'
            ? 'It could not be tried: name a --copy first.'
            : what === 'drop' && applied.some(({ outcome }) => outcome === 'failed')
              ? 'Something before it failed, so nothing is taken away.'
              : undefined
      if (why !== undefined) applied.push({ what, name, outcome: 'left', why })
      else {
        if (what === 'make') options.tell(`making ${name} on ${table}`)
        applied.push({ what, name, ...(await run(session, database, sql, options)) })
      }
    }
    return applied
  } finally {
    await session.close()
  }
}

async function ready(
  session: Session,
  place: string,
  { waitMs = usual.waitMs, buildMs = usual.buildMs }: ApplyOptions,
): Promise<void> {
  const refuse = (cause: string): never => {
    throw new ConsoleError('DATABASE_FAILED', { place, cause })
  }
  const [row] = await session.rows(
    `select @@read_only as still, get_lock(${literal(`hotpath index ${session.schema}`.slice(0, 64))}, 0) as mine`,
  )
  if (['1', 'ON'].includes(String(row?.['still']))) refuse('it is a replica, and only reads')
  if (String(row?.['mine']) !== '1') refuse('another hotpath index --apply is at work on it')
  await session.rows(`set session lock_wait_timeout = ${Math.max(1, Math.round(waitMs / 1_000))}`)
  // MySQL has a limit for reads alone: there Ctrl-C is the way out.
  if (session.isMariaDb) await session.rows(`set session max_statement_time = ${buildMs / 1_000}`)
}

async function run(
  session: Session,
  database: string,
  sql: string,
  { signal }: ApplyOptions,
): Promise<Pick<Applied, 'outcome' | 'ms' | 'why'>> {
  const from = performance.now()
  let cancelling: Promise<void> | undefined
  const cancel = (): void => {
    cancelling = cancelled(session, database)
  }
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    await session.rows(sql)
    return { outcome: 'done', ms: Math.round(performance.now() - from) }
  } catch (error) {
    return { outcome: 'failed', why: whyOf(error, session) }
  } finally {
    signal?.removeEventListener('abort', cancel)
    // A cancellation that is late would meet the next statement.
    await cancelling
  }
}

/** Another connection tells the server: it would build on for who is not there any more. */
async function cancelled(session: Session, database: string): Promise<void> {
  const other = await Session.open(database).catch(() => undefined)
  await other?.rows(`kill query ${session.id}`).catch(() => {})
  await other?.close()
}

function whyOf(error: unknown, { isLost }: Session): string {
  if (isLost)
    return `${causeOf(error)}. The server may go on with it, or undo it: look at SHOW INDEX before the next run.`
  const known: Readonly<Record<string, string>> = {
    ER_LOCK_WAIT_TIMEOUT: 'The table is locked by somebody: try again when it is not.',
    ER_STATEMENT_TIMEOUT: 'It took too long.',
    ER_QUERY_INTERRUPTED: 'It was cancelled.',
    ER_TABLEACCESS_DENIED_ERROR: 'This user may not: it takes the rights INDEX and ALTER.',
    ER_DUP_KEYNAME: 'An index of this name is there already, and stays: ask for advice again.',
    ER_CANT_DROP_FIELD_OR_KEY: 'It is not there any more.',
    ER_DROP_INDEX_FK: 'A foreign key needs it.',
    ER_RECORD_FILE_FULL: 'The disk is full.',
  }
  const reason = known[codeOf(error)] ?? `${causeOf(error)}.`
  return `${reason} Nothing is left of it.`
}
