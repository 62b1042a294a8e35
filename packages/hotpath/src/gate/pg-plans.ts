import { Asking, type Plan } from '../plans/asking.js'
import { scansOf } from '../plans/scan.js'
import { inRoot } from '../pool/root.js'
import { caught } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'
import { tally } from '../trace/tallies.js'
import { PgDatabase } from './pg-database.js'
import type { PgClient } from './pg-types.js'
import { codeOf, type StatementSpan } from './statement-span.js'
import { unseen } from './unseen.js'

const asking = new Asking(recorder.now)

/** The server ends a question after so long; and so much later we do. */
const SERVER_MS = 1_000
const MOST_MS = 3_000

/**
 * Asks for the plan of a statement that took long, over a connection of our own to the same database. What
 * its plan shows is told with the spans that come after.
 */
export function lookAtPlan(span: StatementSpan, text: unknown): void {
  try {
    const database = span.connection()
    if (!(database instanceof PgDatabase) || typeof text !== 'string') return
    const { client } = database
    asking.look(span.statement, span.endMs - span.startMs, tell =>
      inRoot(() => {
        explained(client, text).then(tell, (error: unknown) => {
          // The server's word, or the network's, is no fault of ours.
          const reason = codeOf(error)
          if (reason === '') caught('gate.pg-plans')
          else tally('hotpath.explain.failed', { reason })
          tell(error instanceof Unreachable ? 'failed' : 'nothing')
        })
      }),
    )
  } catch {
    caught('gate.pg-plans')
  }
}

type Run = (text: string, values?: readonly unknown[]) => Promise<readonly unknown[][]>

async function explained(like: PgClient, text: string): Promise<Plan> {
  const client = another(like)
  client.on?.('error', () => {})
  const run: Run = (sql, values = []) =>
    new Promise((resolve, reject) => {
      const done = (error: unknown, result?: { readonly rows?: readonly unknown[][] }): void =>
        error ? reject(asError(error)) : resolve(result?.rows ?? [])
      // The extended protocol takes one statement, and no second behind it.
      const config = { text: sql, values, rowMode: 'array', queryMode: 'extended' } as const
      unseen(() => client.query?.(config, done))
    })
  try {
    await new Promise<void>((resolve, reject) => {
      const done = (error: unknown): void => (error ? reject(new Unreachable(error)) : resolve())
      unseen(() => client.connect?.(done))
      client.unref?.()
    })
    return await inTransaction(run, text)
  } finally {
    unseen(() => client.end?.(() => {}))
  }
}

/** In a transaction that reads only, and is rolled back: a pooler between us lends the connection to others. */
async function inTransaction(run: Run, text: string): Promise<Plan> {
  await run('begin read only')
  try {
    await run(`set local statement_timeout = ${SERVER_MS}`)
    // The plan for any parameters: we have none to offer, since data stays where it is.
    await run('set local plan_cache_mode = force_generic_plan')
    await run(`prepare hotpath_plan as ${text}`)
    const [count] = await run(
      `select pg_catalog.cardinality(parameter_types) from pg_catalog.pg_prepared_statements
       where name = 'hotpath_plan'`,
    )
    const nulls = Array.from({ length: Number(count?.[0] ?? 0) }, () => 'null').join(', ')
    await run('savepoint hotpath_plan')
    let plan: unknown
    try {
      const [row] = await run(
        `explain (format json, verbose) execute hotpath_plan${nulls === '' ? '' : `(${nulls})`}`,
      )
      plan = row?.[0]
    } finally {
      await run('rollback to savepoint hotpath_plan')
      await run('deallocate hotpath_plan')
    }
    return await largest(run, typeof plan === 'string' ? JSON.parse(plan) : plan)
  } finally {
    await run('rollback')
  }
}

/** The largest of the tables that are read whole. */
async function largest(run: Run, plan: unknown): Promise<Plan> {
  let found: Plan = 'nothing'
  let most = 0
  for (const { schema, table, kept } of scansOf(plan).slice(0, 10)) {
    const [row] = await run(
      `select c.reltuples from pg_catalog.pg_class c
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $1 and c.relname = $2`,
      [schema, table],
    )
    const rows = Number(row?.[0] ?? -1)
    if (rows <= most) continue
    most = rows
    found = {
      'hotpath.plan.table': table,
      'hotpath.plan.table.rows': Math.round(rows),
      'hotpath.plan.kept.rows': Math.round(kept),
    }
  }
  return found
}

/** A client of the same class for the same user, server and database. */
function another(like: PgClient): PgClient {
  const { host, port, database, user, options } = like.connectionParameters ?? {}
  const Client = like.constructor as new (options: unknown) => PgClient
  return new Client({
    host,
    port,
    database,
    user,
    // Often the search path.
    options,
    password: like.password,
    ssl: like.ssl,
    application_name: 'hotpath',
    connectionTimeoutMillis: MOST_MS,
    query_timeout: MOST_MS,
  })
}

/** Nobody could be asked: it says nothing of the statement. */
class Unreachable extends Error {
  readonly code: string

  constructor(reason: unknown) {
    super('the server lets nobody else in', { cause: reason })
    this.code = codeOf(reason) || 'UNREACHABLE'
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error('the server gave no plan')
