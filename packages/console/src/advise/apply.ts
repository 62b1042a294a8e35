import pg from 'pg'
import { ConsoleError } from '../errors.js'
import type { Advice, Rebuild } from './advice.js'
import { causeOf, placeOf, sqlState } from './session.js'

export interface Applied {
  readonly what: 'make' | 'drop' | 'rebuild'
  readonly name: string
  readonly outcome: 'done' | 'failed' | 'left'
  readonly ms?: number
  /** Why it failed, or was left. */
  readonly why?: string
}

export interface ApplyOptions {
  readonly tell: (sentence: string) => void
  /** For the end of older transactions on the table: nobody waits behind us. */
  readonly waitMs?: number
  /** For one index. */
  readonly buildMs?: number
  /** Cancels what is being built, cleans up, and leaves the rest. */
  readonly signal?: AbortSignal
}

/** For a lock behind which writers would wait: what is not CONCURRENTLY takes one. */
const lockMs = 3_000
const usual = { waitMs: 60_000, buildMs: 3_600_000 }

/** Who else applies advice to this database waits, or rather is told so. */
const adviceLock = 4_851_277

/**
 * Makes, drops and rebuilds what the advice says: one at a time, CONCURRENTLY, with a timeout for locks and one for the
 * statement. What breaks off leaves no invalid index: it is dropped. What could not be tried is left.
 */
export async function apply(
  database: string,
  advice: Advice,
  options: ApplyOptions,
): Promise<Applied[]> {
  const place = placeOf(database)
  const client = new pg.Client({
    connectionString: database,
    application_name: 'hotpath index --apply',
  })
  let isLost = false
  client.on('error', () => (isLost = true))
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => {})
    throw new ConsoleError('DATABASE_AWAY', { place, cause: causeOf(error) })
  }
  try {
    await ready(client, place, options)
    const applied: Applied[] = []
    const why = (): string | undefined =>
      options.signal?.aborted
        ? 'It was interrupted before.'
        : isLost
          ? 'The connection was lost before.'
          : undefined
    for (const one of advice.create)
      applied.push(
        why() === undefined
          ? await made(client, database, one, options)
          : { what: 'make', name: one.name, outcome: 'left', why: why() as string },
      )
    for (const one of advice.drop)
      applied.push(
        why() === undefined
          ? await dropped(client, database, one, applied, options)
          : { what: 'drop', name: one.name, outcome: 'left', why: why() as string },
      )
    for (const one of advice.rebuild ?? [])
      applied.push(
        why() === undefined
          ? await rebuilt(client, database, one, options)
          : { what: 'rebuild', name: one.name, outcome: 'left', why: why() as string },
      )
    return applied
  } finally {
    await client.end().catch(() => {})
  }
}

/**
 * Runs one statement that may take long. When the run is interrupted the server is told so by another connection:
 * it would build on for who is not there any more, and leave what is invalid when that fails.
 */
async function cancellable(
  client: pg.Client,
  database: string,
  sql: string,
  { signal }: ApplyOptions,
): Promise<void> {
  let cancelling: Promise<void> | undefined
  const cancel = (): void => {
    cancelling = cancelled(client, database)
  }
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    await client.query(sql)
  } finally {
    signal?.removeEventListener('abort', cancel)
    // A cancellation that is late would meet the statement that cleans up.
    await cancelling
  }
}

async function cancelled(client: pg.Client, database: string): Promise<void> {
  const other = new pg.Client({
    connectionString: database,
    application_name: 'hotpath index --apply',
  })
  other.on('error', () => {})
  try {
    await other.connect()
    const { processID } = client as unknown as { readonly processID: number }
    await other.query('select pg_catalog.pg_cancel_backend($1)', [processID])
  } catch {
    // The statement ends by its timeout.
  } finally {
    await other.end().catch(() => {})
  }
}

async function ready(
  client: pg.Client,
  place: string,
  { buildMs = usual.buildMs }: ApplyOptions,
): Promise<void> {
  const { rows } = await client.query<{ standby: boolean; mine: boolean }>(
    `select pg_catalog.pg_is_in_recovery() as standby, pg_catalog.pg_try_advisory_lock(${adviceLock}) as mine`,
  )
  const [row] = rows
  if (row?.standby)
    throw new ConsoleError('DATABASE_FAILED', { place, cause: 'it is a standby, and only reads' })
  if (!row?.mine)
    throw new ConsoleError('DATABASE_FAILED', {
      place,
      cause: 'another hotpath index --apply is at work on it',
    })
  await client.query(`set statement_timeout = ${buildMs}`)
}

async function made(
  client: pg.Client,
  database: string,
  one: Advice['create'][number],
  options: ApplyOptions,
): Promise<Applied> {
  const base = { what: 'make', name: one.name } as const
  if (one.verified === 'none')
    return { ...base, outcome: 'left', why: 'It could not be tried: name a --copy first.' }
  options.tell(`making ${one.name} on ${one.table}`)
  const from = performance.now()
  /** How what was begun is dropped: never what somebody else made by that name. */
  const begun: string[] = []
  for (const sql of one.sql) {
    const undoing = droppingOf(sql)
    try {
      await waiting(client, sql, options)
      if (undoing !== undefined) begun.push(undoing)
      await cancellable(client, database, sql, options)
    } catch (error) {
      if (sqlState(error) === nameIsTaken) begun.pop()
      const rest = await cleaned(client, begun, options)
      return { ...base, outcome: 'failed', why: [whyOf(error), ...rest].join(' ') }
    }
  }
  return { ...base, outcome: 'done', ms: Math.round(performance.now() - from) }
}

async function dropped(
  client: pg.Client,
  database: string,
  one: Advice['drop'][number],
  applied: readonly Applied[],
  options: ApplyOptions,
): Promise<Applied> {
  const base = { what: 'drop', name: one.name } as const
  if (applied.some(({ outcome }) => outcome === 'failed'))
    return {
      ...base,
      outcome: 'left',
      why: 'Something before it failed, so nothing is taken away.',
    }
  const from = performance.now()
  try {
    await waiting(client, one.sql, options)
    await cancellable(client, database, one.sql, options)
    return { ...base, outcome: 'done', ms: Math.round(performance.now() - from) }
  } catch (error) {
    return { ...base, outcome: 'failed', why: whyOf(error) }
  }
}

async function rebuilt(
  client: pg.Client,
  database: string,
  { name, sql }: Rebuild,
  options: ApplyOptions,
): Promise<Applied> {
  const base = { what: 'rebuild', name } as const
  options.tell(`rebuilding ${name}`)
  const index = sql.replace('REINDEX INDEX CONCURRENTLY ', '')
  const from = performance.now()
  const before = await halfBuilt(client, index)
  try {
    await waiting(client, sql, options)
    await cancellable(client, database, sql, options)
    return { ...base, outcome: 'done', ms: Math.round(performance.now() - from) }
  } catch (error) {
    const left = await halfBuilt(client, index).catch(() => undefined)
    const rest =
      left === undefined
        ? [`Invalid indexes of its table whose names end with _ccnew or _ccold are left of it.`]
        : await cleaned(
            client,
            left
              .filter(one => !before.includes(one))
              .map(one => `DROP INDEX CONCURRENTLY IF EXISTS ${one}`),
            options,
          )
    return { ...base, outcome: 'failed', why: [whyOf(error), ...rest].join(' ') }
  }
}

/** What REINDEX leaves of the table of this index when it breaks off: the new one half built, or the old one. */
async function halfBuilt(client: pg.Client, index: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name
     from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where i.indrelid = (select indrelid from pg_catalog.pg_index where indexrelid = $1::regclass)
       and not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'`,
    [index],
  )
  return rows.map(({ name }) => name)
}

/** CONCURRENTLY waits for older transactions without being in anyone's way; what locks out writes waits little. */
async function waiting(client: pg.Client, sql: string, options: ApplyOptions): Promise<void> {
  const ms = sql.includes(' CONCURRENTLY ') ? (options.waitMs ?? usual.waitMs) : lockMs
  await client.query(`set lock_timeout = ${ms}`)
}

const nameIsTaken = '42P07'

/** How what this statement makes is dropped; undefined where it makes no index. */
function droppingOf(sql: string): string | undefined {
  const [, concurrently, name, schema] =
    /^CREATE INDEX (CONCURRENTLY )?("(?:[^"]|"")+"|\S+) ON (?:ONLY )?("(?:[^"]|"")+"|[^\s."]+)\./.exec(
      sql,
    ) ?? []
  return name === undefined
    ? undefined
    : `DROP INDEX ${concurrently ?? ''}IF EXISTS ${schema}.${name}`
}

/**
 * A build that broke off leaves an index that only costs; gone with it, nothing is left of the try. In the order of
 * the making: with the index of a partitioned table those of its partitions go that are its parts.
 */
async function cleaned(
  client: pg.Client,
  droppings: readonly string[],
  options: ApplyOptions,
): Promise<string[]> {
  if (droppings.length === 0) return []
  const left: string[] = []
  // The time for a build is over, and this is no build. Where the connection is lost, the drops say so.
  const timeout = (ms: number) => client.query(`set statement_timeout = ${ms}`).catch(() => {})
  await timeout(2 * (options.waitMs ?? usual.waitMs))
  for (const dropping of droppings) {
    try {
      await waiting(client, dropping, options)
      await client.query(dropping)
    } catch {
      left.push(`${dropping};`)
    }
  }
  await timeout(options.buildMs ?? usual.buildMs)
  return left.length === 0
    ? ['Nothing is left of it.']
    : [`What is left of it must be dropped by hand: ${left.join(' ')}`]
}

function whyOf(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    '55P03': 'The table is locked by somebody: try again when it is not.',
    '57014': 'It took too long, or was cancelled.',
    '42501': 'This user may not: it takes the owner of the table.',
    '53100': 'The disk is full.',
    [nameIsTaken]: 'Something of this name is there already, and stays: ask for advice again.',
  }
  return known[sqlState(error)] ?? `${causeOf(error)}.`
}
