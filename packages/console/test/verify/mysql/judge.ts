import type { Connection, RowDataPacket } from 'mysql2/promise'
import { advise } from '../../../dist/advise/mysql/advise.js'
import type { CaseStatement, IndexCase } from '../index/case.js'
import type { Verdict } from '../index/judge.js'
import { type MySqlServer, withConnection } from './server.js'

/** Makes the case's database and its copy, asks for advice, and confirms the right answer by making it. */
export async function judgeMySql(
  server: MySqlServer,
  one: IndexCase,
  number: number,
): Promise<Verdict> {
  const [database, copy] = [`hotpath_case_${number}`, `hotpath_case_${number}_copy`]
  const all = one.copy === false ? [database] : [database, copy]
  try {
    for (const name of all) {
      await server.run('app', `create database ${name}`)
      await withConnection(server.urlOf(name), async connection => {
        await connection.query(one.schema)
        for (const table of await tablesOf(connection))
          await connection.query(`analyze table ${table}`)
      })
    }
    const advice = await advise({
      database: server.urlOf(database),
      ...(one.copy === false ? {} : { copy: server.urlOf(copy) }),
      ...(one.old ? { unusedAfterDays: 0 } : {}),
      workload: {
        source: 'the case',
        statements: one.workload.map(({ sql, calls = 100 }) => ({ text: sql, calls, routes: [] })),
      },
    })
    const wrong = compare(one, advice)
    if (
      one.copy !== false &&
      (await indexesOf(server, copy)) !== (await indexesOf(server, database))
    )
      wrong.push('an index was left on the copy')
    wrong.push(...(await withConnection(server.urlOf(database), each => confirm(each, one))))
    const unverified = advice.create.filter(({ verified }) => verified === 'none').length
    return { name: one.name, wrong, unverified, advice }
  } finally {
    for (const name of all) await server.run('app', `drop database if exists ${name}`)
  }
}

async function tablesOf(connection: Connection): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `select table_name as name from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE'`,
  )
  return rows.map(({ name }) => `\`${String(name)}\``)
}

async function indexesOf(server: MySqlServer, database: string): Promise<string> {
  return withConnection(server.urlOf(database), async connection => {
    const [rows] = await connection.query<RowDataPacket[]>(
      'select table_name, index_name, column_name from information_schema.statistics where table_schema = database() order by 1, 2, 3',
    )
    return JSON.stringify(rows)
  })
}

const plain = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, ' ')

function compare(one: IndexCase, advice: Verdict['advice']): string[] {
  const wrong: string[] = []
  const made = advice.create.map(({ table, definition }) => plain(`${table} ${definition}`))
  for (const expected of one.create ?? []) {
    const right = [expected].flat().map(plain)
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
  if (dropped.join() !== [...(one.drop ?? [])].sort().join())
    wrong.push(
      `expected to drop ${one.drop?.join(', ') || 'nothing'}, got ${advice.drop.map(d => `${d.name} (${d.reason})`).join(', ') || 'nothing'}`,
    )
  for (const { statement, reason } of advice.workload.skipped)
    wrong.push(`skipped ${statement}: ${reason}`)
  const unverified = advice.create.filter(({ verified }) => verified === 'none').length
  if ((one.unverified ?? 0) !== unverified) wrong.push(`${unverified} were not verified`)
  return wrong
}

/** The indexes that are right, made for real, must save a quarter at least; a tempting one must not. */
async function confirm(connection: Connection, one: IndexCase): Promise<string[]> {
  const wrong: string[] = []
  const right = (one.create ?? []).map(expected => [expected].flat()[0] ?? '')
  // Without its index the server refuses MATCH: with it, it answers.
  const isRefused = right.some(text => text.includes('fulltext'))
  const before = isRefused ? Number.POSITIVE_INFINITY : await workOf(connection, one.workload)
  if (right.length > 0) {
    const after = await workWith(connection, right, one.workload)
    if (!(after < 0.75 * before))
      wrong.push(`not confirmed: ${before} to ${after} with ${right.join(' and ')}`)
  }
  if (one.tempting !== undefined) {
    const after = await workWith(connection, [one.tempting], one.workload)
    if (after < 0.75 * before) wrong.push(`the tempting one helps: ${before} to ${after}`)
  }
  return wrong
}

async function workWith(
  connection: Connection,
  indexes: readonly string[],
  workload: readonly CaseStatement[],
): Promise<number> {
  const named = indexes.map((text, at) => {
    const [, table = '', words, keys = ''] = /^(`[^`]+`|\w+) (fulltext )?(\(.*\))$/.exec(text) ?? []
    return {
      table,
      made: `add ${words ?? ''}index hotpath_right_${at} ${keys}`,
      gone: `drop index hotpath_right_${at}`,
    }
  })
  for (const { table, made } of named) await connection.query(`alter table ${table} ${made}`)
  try {
    return await workOf(connection, workload)
  } finally {
    for (const { table, gone } of named) await connection.query(`alter table ${table} ${gone}`)
  }
}

/** Rows and pages that the server looks at, and rows that it sorts: counted by the server as it runs the statements. */
async function workOf(connection: Connection, workload: readonly CaseStatement[]): Promise<number> {
  let sum = 0
  for (const { sql, calls = 100, values = [] } of workload) {
    let at = 0
    const text = sql.replaceAll('?', () => values[at++] ?? 'null')
    await connection.query('start transaction')
    await connection.query('flush status')
    await connection.query(text)
    const [rows] = await connection.query<RowDataPacket[]>(
      `show session status where variable_name like 'Handler_read%' or variable_name = 'Sort_rows'`,
    )
    await connection.query('rollback')
    let pages = 0
    if (text.startsWith('select')) {
      const [[plan]] = await connection.query<RowDataPacket[]>(`analyze format=json ${text}`)
      for (const [, count] of String(Object.values(plan ?? {})[0]).matchAll(
        /"pages_accessed": (\d+)/g,
      ))
        pages += Number(count)
    }
    sum += calls * (pages + rows.reduce((all, { Value }) => all + Number(Value), 0))
  }
  return sum
}
