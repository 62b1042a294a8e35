import pg from 'pg'
import { setTimeout as pause } from 'node:timers/promises'
import type { Verification } from './batch.js'

/** Rows that a loop reads, each this long after the one before: together longer than an answer may live. */
const ROWS = 16
const PAUSE_MS = 100
const MAX_AGE_MS = 1_000
/** For the way to the database and back, the writer's own pace, and a busy machine. */
const SLACK_MS = 400

type InRequest = <T>(path: string, fn: () => Promise<T>) => Promise<T>

/**
 * While somebody else writes all the time: a loop must see its own writes at once, and the others' no
 * later than the age of an answer. Returns how often it did not.
 */
export async function freshness(options: Verification, inRequest: InRequest): Promise<number> {
  const pool = new pg.Pool({ connectionString: options.url, max: 4 })
  const writer = new pg.Client({ connectionString: options.url })
  await writer.connect()
  await writer.query('drop table if exists ticking, tocking')
  await writer.query('create table ticking (id int primary key, at float8, own int)')
  await writer.query('create table tocking (id int primary key)')
  await writer.query(`insert into ticking select g, 0, 0 from generate_series(1, ${ROWS}) g`)
  await writer.query(`insert into tocking select g from generate_series(1, ${ROWS}) g`)
  const over = new AbortController()
  const writing = (async () => {
    while (!over.signal.aborted) {
      await writer.query('update ticking set at = $1', [Date.now()])
      await pause(5)
    }
  })()
  try {
    let wrong = 0
    const rounds = options.cases < 1_000 ? 1 : 5
    for (let round = 0; round < rounds; round++) {
      wrong += await inRequest('/ticking', () => readSlowly(pool, options))
      wrong += await inRequest('/own', () => readAfterWriting(pool, options))
    }
    return wrong
  } finally {
    over.abort()
    await writing
    await writer.query('drop table ticking, tocking')
    await writer.end()
    await pool.end()
  }
}

async function readSlowly(pool: pg.Pool, { say }: Verification): Promise<number> {
  let wrong = 0
  const { rows } = await pool.query<{ id: number }>('select id from tocking order by id')
  for (const { id } of rows) {
    const startMs = Date.now()
    const read = await pool.query<{ at: number }>('select at from ticking where id = $1', [id])
    const oldMs = startMs - (read.rows[0]?.at ?? 0)
    if (oldMs > MAX_AGE_MS + SLACK_MS) {
      wrong++
      say(`read what was ${oldMs} ms old`)
    }
    await pause(PAUSE_MS)
  }
  return wrong
}

async function readAfterWriting(pool: pg.Pool, { say }: Verification): Promise<number> {
  let wrong = 0
  const { rows } = await pool.query<{ id: number }>('select id from tocking order by id')
  for (const [i, { id }] of rows.entries()) {
    if (i % 5 === 4) await pool.query('update ticking set own = own + 1 where id >= $1', [id])
    const before = await pool.query<{ own: number }>('select own from ticking where id = $1', [id])
    await pool.query('update ticking set own = own + 1 where id = $1', [id])
    const after = await pool.query<{ own: number }>('select own from ticking where id = $1', [id])
    if (after.rows[0]?.own !== (before.rows[0]?.own ?? 0) + 1) {
      wrong++
      say(`did not see its own write: ${before.rows[0]?.own}, then ${after.rows[0]?.own}`)
    }
  }
  return wrong
}
