import pg from 'pg'
import { useQueries } from '../../dist/gate/pg-queries.js'
import { gatePg } from '../../dist/gate/pg.js'
import { startServerSpan } from '../../dist/gate/server-span.js'
import type { Defects } from '../../dist/query/defects.js'
import { takeTallies, tallied } from '../../dist/trace/tallies.js'
import { recorder } from '../../dist/trace/recorder.js'
import { freshness } from './freshness.js'
import { type Outcome, unordered } from './outcome.js'
import { type Plan, randomPlan, run } from './program.js'
import { Random } from './random.js'
import { randomSchema, type Schema } from './schema.js'
import { shapes } from './statements.js'

export interface Verification {
  readonly url: string
  readonly cases: number
  readonly seed: number
  readonly defects: Defects
  /** Ends at the first difference. */
  readonly untilFound: boolean
  readonly say: (line: string) => void
}

export interface Verified {
  cases: number
  /** Cases that may be batched, and those of them that were. */
  batchable: number
  batched: number
  /** Rows of a statement without a full order that came in another: counted where the database did so. */
  reordered: number
  differences: number
}

/** Cases over one set of tables. */
const CASES_PER_SCHEMA = 40
/** Requests of each case: while the loop is unknown, twice; then with all that was learned. */
const REQUESTS = 3

/**
 * Runs random programs over random data twice: as they are, and in requests that are batched. All that
 * the program sees must be the same: rows and their order, types, metadata, command and count, errors.
 */
export async function verifyBatch(options: Verification): Promise<Verified> {
  gatePg()
  await useQueries({ queries: { batch: 'on' } }, process.cwd(), options.defects)
  const random = new Random(options.seed)
  const admin = new pg.Client({ connectionString: options.url })
  await admin.connect()
  await admin.query(
    `do $$ begin create role verified login password 'verified'; exception when duplicate_object then null; end $$`,
  )
  const seen: Verified = { cases: 0, batchable: 0, batched: 0, reordered: 0, differences: 0 }
  try {
    while (seen.cases < options.cases && !(options.untilFound && seen.differences > 0)) {
      await overOneSchema(options, random, admin, seen)
    }
    if (!options.untilFound) seen.differences += await freshness(options, inRequest)
  } finally {
    await admin.end()
  }
  return seen
}

async function overOneSchema(
  options: Verification,
  random: Random,
  admin: pg.Client,
  seen: Verified,
): Promise<void> {
  const schema = randomSchema(random, `verify_${seen.cases}`)
  await admin.query(`drop schema if exists ${schema.name} cascade`)
  await admin.query(schema.create)
  let pool = poolOf(options.url, schema)
  try {
    for (let i = 0; i < CASES_PER_SCHEMA && seen.cases < options.cases; i++) {
      const plan = randomPlan(random, random.pick(shapes)(schema, random))
      await oneCase(plan, pool, schema, options, seen)
      seen.cases++
      if (changesSession(plan)) {
        await pool.end()
        pool = poolOf(options.url, schema)
      }
      if (seen.cases % 500 === 0) options.say(lineOf(seen))
      if (options.untilFound && seen.differences > 0) return
    }
  } finally {
    await pool.end()
    await admin.query(`drop schema ${schema.name} cascade`)
  }
}

/**
 * A volatile function of the app's may have changed the session, so that what it runs later is let
 * alone: what is to be measured are the cases, not which of them came before.
 */
function changesSession({ statement }: Plan): boolean {
  return statement.text.includes('noisy(')
}

function poolOf(url: string, { name }: Schema): pg.Pool {
  const address = new URL(url)
  address.username = 'verified'
  address.password = 'verified'
  const pool = new pg.Pool({ connectionString: address.href, max: 3 })
  // As applications set up their connections: for each the same, before anything else.
  pool.on('connect', client => {
    void client.query(`set search_path = ${name}`)
    void client.query(`set app.owner = 'o1'`)
  })
  return pool
}

async function oneCase(
  plan: Plan,
  pool: pg.Pool,
  schema: Schema,
  options: Verification,
  seen: Verified,
): Promise<void> {
  // Of each case its own: there is a cap, beyond which no reasons are told apart.
  takeTallies()
  const original = await run(plan, pool)
  let batches = 0
  for (let request = 0; request < REQUESTS; request++) {
    const before = batchesSoFar()
    const got = await inRequest(`/case/${seen.cases}`, () => run(plan, pool))
    batches += batchesSoFar() - before
    if (same(original, got)) continue
    // Does the original agree with itself, under any of its plans?
    if (await isOwnOrder(plan, pool, original, got)) {
      seen.reordered++
      continue
    }
    seen.differences++
    options.say(told(plan, schema, request, original, got))
    break
  }
  if (plan.statement.batchable === false && batches > 0 && !plan.nested) {
    seen.differences++
    options.say(`batched, and must not be: ${plan.statement.text}`)
  }
  if (!shouldBatch(plan, original)) return
  seen.batchable++
  if (batches > 0) seen.batched++
  else options.say(notBatched(plan, schema, `/case/${seen.cases}`))
}

function notBatched(plan: Plan, { key, second }: Schema, route: string): string {
  const why = tallied().flatMap(({ name, attributes, n }) =>
    attributes['http.route'] === route ? [`${name} ${attributes['reason'] ?? ''} ${n}`] : [],
  )
  return `not batched: ${plan.way} ${JSON.stringify(plan)} ${key.sql}, ${second.sql}: ${why.join(', ') || 'no reason was counted'}`
}

/** Runs `fn` as the handler of a request of this route, the recorder attached. */
export async function inRequest<T>(path: string, fn: () => Promise<T>): Promise<T> {
  const span = startServerSpan({
    method: 'GET',
    url: path,
    httpVersion: '1.1',
    rawHeaders: [],
    socket: {},
  } as never)
  span.trace.route = path
  try {
    return await recorder.runIn(span, fn)
  } finally {
    span.close(200, true)
  }
}

function batchesSoFar(): number {
  let sum = 0
  for (const { name, n } of tallied()) if (name === 'hotpath.batch.batches') sum += n
  return sum
}

function same(a: readonly Outcome[], b: readonly Outcome[]): boolean {
  return a.length === b.length && a.every((outcome, i) => outcome.text === b[i]?.text)
}

/**
 * A statement without a full order may come in another with another plan. A batch runs the original as
 * a generic plan: so the original is run again with that, and must then give what the batch gave.
 */
async function isOwnOrder(
  plan: Plan,
  pool: pg.Pool,
  original: readonly Outcome[],
  got: readonly Outcome[],
): Promise<boolean> {
  if (plan.statement.ordered || original.length !== got.length) return false
  if (!original.every((outcome, i) => unordered(outcome) === unordered(got[i] as Outcome)))
    return false
  // An update that is rolled back leaves its row behind: where the next one lies is another place in
  // each run, of the original as well.
  if (plan.writesAt >= 0) return true
  const client = await pool.connect()
  try {
    await client.query('set plan_cache_mode = force_generic_plan')
    const single = {
      query: client.query.bind(client),
      connect: () => Promise.resolve(wrapped(client)),
    }
    const generic = await run({ ...plan, named: true, inlined: false }, single as never)
    // What went out singly has the one order, what was batched the other.
    const either = (text: string, i: number) =>
      text === generic[i]?.text || text === original[i]?.text
    return generic.length === got.length && got.every(({ text }, i) => either(text, i))
  } finally {
    client.release(true)
  }
}

function wrapped(client: pg.PoolClient): unknown {
  return { query: client.query.bind(client), release: () => {} }
}

/** The loop is long enough, nothing in it fails, and its keys can be found in the rows before. */
function shouldBatch(plan: Plan, original: readonly Outcome[]): boolean {
  if (plan.statement.batchable !== true || plan.writesAt >= 0 || plan.skips > 0) return false
  if (plan.nested || original.length < 4) return false
  if (original.some(({ text }) => text.includes('"severity"'))) return false
  if (plan.way.endsWith('at once')) return true
  const used = plan.statement.params.flatMap(param => ('column' in param ? [param.column] : []))
  return !plan.inlined || used.every(column => column === 'id')
}

function told(
  plan: Plan,
  schema: Schema,
  request: number,
  original: readonly Outcome[],
  got: readonly Outcome[],
): string {
  const at = original.findIndex((outcome, i) => outcome.text !== got[i]?.text)
  return [
    `DIFFERENT in request ${request}, call ${at}: ${JSON.stringify(plan)}`,
    `  key ${schema.key.sql}, second ${schema.second.sql}`,
    `  original ${original[at]?.text.slice(0, 600)}`,
    `  batched  ${got[at]?.text.slice(0, 600)}`,
  ].join('\n')
}

export function lineOf({ cases, batchable, batched, reordered, differences }: Verified): string {
  return `batch: cases=${cases} batchable=${batchable} reordered=${reordered} batched=${batched} differences=${differences}`
}
