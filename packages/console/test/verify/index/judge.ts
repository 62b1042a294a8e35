import pg from 'pg'
import type { Advice } from '../../../dist/advise/advice.js'
import { advise } from '../../../dist/advise/advise.js'
import type { CaseStatement, IndexCase } from './case.js'
import type { IndexServer } from './server.js'

export interface Verdict {
  readonly name: string
  /** What is wrong, one sentence each; none: the answer is right. */
  readonly wrong: readonly string[]
  /** Advice that was not tried though the case says it could be. */
  readonly unverified: number
  readonly advice: Advice
}

/** The database that all cases are made from. */
export const template = 'hotpath_cases'

export async function prepareTemplate(server: IndexServer): Promise<void> {
  await server.run('postgres', `create database ${template}`)
  await server.run(template, 'create extension hypopg', 'create extension pg_trgm')
}

/** Makes the case's database, asks for advice, and confirms the right answer by making it. */
export async function judge(server: IndexServer, one: IndexCase, number: number): Promise<Verdict> {
  const database = `hotpath_case_${number}`
  const copy = `${database}_copy`
  await server.run('postgres', `create database ${database} template ${template}`)
  try {
    await server.run(database, one.schema, 'vacuum analyze')
    if (one.copy) await server.run('postgres', `create database ${copy} template ${database}`)
    const advice = await advise({
      database: server.urlOf(database),
      ...(one.copy ? { copy: server.urlOf(copy) } : {}),
      ...(one.old ? { unusedAfterDays: 0 } : {}),
      workload: {
        source: 'the case',
        statements: one.workload.map(({ sql, calls = 100 }) => ({ text: sql, calls, routes: [] })),
      },
    })
    const client = new pg.Client({ connectionString: server.urlOf(database) })
    await client.connect()
    try {
      const wrong = [...(await compare(client, one, advice)), ...(await confirm(client, one))]
      const unverified = advice.create.filter(({ verified }) => verified === 'none').length
      return { name: one.name, wrong, unverified, advice }
    } finally {
      await client.end()
    }
  } finally {
    await server.run(
      'postgres',
      `drop database if exists ${copy} with (force)`,
      `drop database ${database} with (force)`,
    )
  }
}

async function compare(client: pg.Client, one: IndexCase, advice: Advice): Promise<string[]> {
  const wrong: string[] = []
  const made = await inTurn(advice.create, ({ table, definition }) =>
    definitionOf(client, `${table} ${definition}`),
  )
  for (const expected of one.create ?? []) {
    const right = await inTurn([expected].flat(), text => definitionOf(client, text))
    const at = made.findIndex(text => right.includes(text))
    if (at < 0) wrong.push(`expected ${right[0]}`)
    else made.splice(at, 1)
  }
  for (const text of made) wrong.push(`advised ${text}`)
  const [none] = advice.none
  if (one.none !== undefined && none?.reason !== one.none)
    wrong.push(
      `expected none for "${one.none}", got ${none === undefined ? 'no reason' : `"${none.reason}": ${none.why}`}`,
    )
  const dropped = advice.drop.map(({ name }) => name).sort()
  const expected = [...(one.drop ?? [])].sort()
  if (dropped.join() !== expected.join())
    wrong.push(
      `expected to drop ${expected.join(', ') || 'nothing'}, got ${advice.drop.map(d => `${d.name} (${d.reason})`).join(', ') || 'nothing'}`,
    )
  for (const { statement, reason } of advice.workload.skipped)
    wrong.push(`skipped ${statement}: ${reason}`)
  if ((one.unverified ?? 0) !== advice.create.filter(({ verified }) => verified === 'none').length)
    wrong.push(
      `${advice.create.filter(({ verified }) => verified === 'none').length} were not verified`,
    )
  return wrong
}

/** As the server writes it, so that equal indexes are equal texts. */
async function definitionOf(client: pg.Client, text: string): Promise<string> {
  await client.query('begin')
  try {
    await client.query(`create index hotpath_written on ${text}`)
    const { rows } = await client.query<{ text: string }>(
      `select pg_get_indexdef(indexrelid) as text from pg_index i join pg_class c on c.oid = i.indexrelid where relname = 'hotpath_written'`,
    )
    return (rows[0]?.text ?? '').replace(/^.*? ON (?:ONLY )?/, '')
  } catch (error) {
    return `${text} (${String(error)})`
  } finally {
    await client.query('rollback')
  }
}

/** The indexes that are right, made for real, must save a quarter at least; a tempting one must not. */
async function confirm(client: pg.Client, one: IndexCase): Promise<string[]> {
  const by = one.confirmedBy ?? one.workload
  const before = await costOf(client, by)
  const wrong: string[] = []
  const right = (one.create ?? []).map(expected => [expected].flat()[0] ?? '')
  if (right.length > 0) {
    const after = await costWith(client, right, by)
    if (!(after < 0.75 * before))
      wrong.push(`not confirmed: ${before} to ${after} with ${right.join(' and ')}`)
  }
  if (one.tempting !== undefined) {
    const after = await costWith(client, [one.tempting], by)
    if (after < 0.75 * before) wrong.push(`the tempting one helps: ${before} to ${after}`)
  }
  return wrong
}

async function costWith(
  client: pg.Client,
  indexes: readonly string[],
  workload: readonly CaseStatement[],
): Promise<number> {
  await client.query('begin')
  try {
    for (const text of indexes) await client.query(`create index on ${text}`)
    if (indexes.some(text => /\(.*\(/.test(text))) await client.query('analyze')
    return await costOf(client, workload)
  } finally {
    await client.query('rollback')
  }
}

async function costOf(client: pg.Client, workload: readonly CaseStatement[]): Promise<number> {
  let sum = 0
  await client.query('set plan_cache_mode = force_custom_plan')
  for (const { sql, calls = 100, values = [] } of workload) {
    await client.query(`prepare hotpath_case as ${sql}`)
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: { 'Total Cost': number } }[] }>(
      `explain (format json) execute hotpath_case${values.length === 0 ? '' : `(${values.join(', ')})`}`,
    )
    await client.query('deallocate hotpath_case')
    sum += calls * (rows[0]?.['QUERY PLAN'][0]?.Plan['Total Cost'] ?? 0)
  }
  return sum
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (const item of items) done.push(await work(item))
  return done
}
