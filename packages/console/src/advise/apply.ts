import pg from 'pg'
import { ConsoleError } from '../errors.js'
import type { Advice } from './advice.js'
import { causeOf, placeOf, sqlState } from './session.js'

export interface Applied {
  readonly what: 'make' | 'drop'
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
}

/** For a lock behind which writers would wait: what is not CONCURRENTLY takes one. */
const lockMs = 3_000
const usual = { waitMs: 60_000, buildMs: 3_600_000 }

/** Who else applies advice to this database waits, or rather is told so. */
const adviceLock = 4_851_277

/**
 * Makes and drops what the advice says: one at a time, CONCURRENTLY, with a timeout for locks and one for the
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
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => {})
    throw new ConsoleError('DATABASE_AWAY', { place, cause: causeOf(error) })
  }
  try {
    await ready(client, place, options)
    const applied: Applied[] = []
    for (const one of advice.create) applied.push(await made(client, one, options))
    for (const one of advice.drop) applied.push(await dropped(client, one, applied, options))
    return applied
  } finally {
    await client.end().catch(() => {})
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
  one: Advice['create'][number],
  options: ApplyOptions,
): Promise<Applied> {
  const base = { what: 'make', name: one.name } as const
  if (one.verified === 'none')
    return { ...base, outcome: 'left', why: 'It could not be tried: name a --copy first.' }
  options.tell(`making ${one.name} on ${one.table}`)
  const from = performance.now()
  for (const [at, sql] of one.sql.entries()) {
    try {
      await waiting(client, sql, options)
      await client.query(sql)
    } catch (error) {
      const rest = await cleaned(client, one.sql.slice(0, at + 1), options)
      return {
        ...base,
        outcome: 'failed',
        why: `${whyOf(error)}${rest === undefined ? '' : ` ${rest}`}`,
      }
    }
  }
  return { ...base, outcome: 'done', ms: Math.round(performance.now() - from) }
}

async function dropped(
  client: pg.Client,
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
    await client.query(one.sql)
    return { ...base, outcome: 'done', ms: Math.round(performance.now() - from) }
  } catch (error) {
    return { ...base, outcome: 'failed', why: whyOf(error) }
  }
}

/** CONCURRENTLY waits for older transactions without being in anyone's way; what locks out writes waits little. */
async function waiting(client: pg.Client, sql: string, options: ApplyOptions): Promise<void> {
  const ms = sql.includes(' CONCURRENTLY ') ? (options.waitMs ?? usual.waitMs) : lockMs
  await client.query(`set lock_timeout = ${ms}`)
}

/** A build that broke off leaves an index that only costs; gone with it, nothing is left of the try. */
async function cleaned(
  client: pg.Client,
  statements: readonly string[],
  options: ApplyOptions,
): Promise<string | undefined> {
  const left: string[] = []
  // The time for a build is over, and this is no build.
  await client.query(`set statement_timeout = ${2 * (options.waitMs ?? usual.waitMs)}`)
  for (const sql of statements.toReversed()) {
    const [, concurrently, name, schema] =
      /^CREATE INDEX (CONCURRENTLY )?("(?:[^"]|"")+"|\S+) ON (?:ONLY )?("(?:[^"]|"")+"|[^\s."]+)\./.exec(
        sql,
      ) ?? []
    if (name === undefined) continue
    const dropping = `DROP INDEX ${concurrently ?? ''}IF EXISTS ${schema}.${name}`
    try {
      await waiting(client, dropping, options)
      await client.query(dropping)
    } catch {
      left.push(`${dropping};`)
    }
  }
  await client.query(`set statement_timeout = ${options.buildMs ?? usual.buildMs}`)
  return left.length === 0
    ? undefined
    : `What is left of it must be dropped by hand: ${left.join(' ')}`
}

function whyOf(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    '55P03': 'The table is locked by somebody; nothing was changed. Try again when it is not.',
    '57014': 'It took too long, or was cancelled; nothing is left of it.',
    '42501': 'This user may not: it takes the owner of the table.',
    '53100': 'The disk is full.',
  }
  return known[sqlState(error)] ?? `${causeOf(error)}.`
}
