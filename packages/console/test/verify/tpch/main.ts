import pg from 'pg'
import type { Advice } from '../../../dist/advise/advice.js'
import { advise } from '../../../dist/advise/advise.js'
import type { IndexServer } from '../index/server.js'
import { tpchQueries } from './queries.js'
import { tpchSchema } from './schema.js'

interface Peer {
  readonly indexes: readonly string[]
  readonly cost: number
}

/**
 * The advised set beside that of a greedy search over all single- and two-column B-trees by hypopg, both under one
 * budget of disk. True when the advice cuts the planner's total at least as far, with no more indexes.
 */
export async function compareTpch(
  server: IndexServer,
  scale: number,
  say: (line: string) => void,
): Promise<boolean> {
  say(`a schema like TPC-H's at scale ${scale}`)
  await server.run('postgres', 'create database tpch')
  await server.run('tpch', 'create extension hypopg', ...tpchSchema(scale))
  const client = new pg.Client({ connectionString: server.urlOf('tpch') })
  await client.connect()
  try {
    const { rows } = await client.query<{ bytes: string }>(
      'select pg_database_size(current_database()) as bytes',
    )
    // Half of what the tables take.
    const budget = Number(rows[0]?.bytes) / 2
    const before = (await costs(client, tpchQueries)).reduce((sum, cost) => sum + cost, 0)
    // First the other: the advice may have no more indexes.
    const peer = await greedy(client, budget, say)
    const advice = await advise({
      database: server.urlOf('tpch'),
      workload: {
        source: 'TPC-H',
        statements: tpchQueries.map(text => ({ text, calls: 1, routes: [] })),
      },
      bytes: budget,
      most: peer.indexes.length,
      patienceMs: 600_000,
    })
    // What hypopg does not know was not tried, and does not count.
    const tried = advice.create.filter(({ verified }) => verified !== 'none')
    const ours = await costOf(
      client,
      tried.map(one => `${one.table} ${one.definition}`),
    )
    say(`advised ${tried.length}: ${describe(before, ours)} (${advice.load.plans} plans)`)
    for (const one of tried) say(`  ${one.table} ${one.definition}`)
    for (const { reason } of advice.workload.skipped) say(`  skipped: ${reason}`)
    say(`greedy ${peer.indexes.length}: ${describe(before, peer.cost)}`)
    for (const index of peer.indexes) say(`  ${index}`)
    const same = peer.indexes.slice(0, tried.length)
    const atAsMany = await costOf(client, same)
    say(`greedy, its first ${same.length}: ${describe(before, atAsMany)}`)
    process.stdout.write(
      `index-tpch: before=${Math.round(before)} advised=${Math.round(ours)} indexes=${tried.length} greedy=${Math.round(peer.cost)} indexes=${peer.indexes.length}\n`,
    )
    return ours <= peer.cost * 1.001 && tried.length <= peer.indexes.length && isWhole(advice)
  } finally {
    await client.end()
  }
}

const isWhole = ({ workload }: Advice): boolean => workload.statements === tpchQueries.length

const describe = (before: number, after: number): string =>
  `${Math.round(before)} to ${Math.round(after)}, ${((1 - after / before) * 100).toFixed(1)} % less`

async function costs(client: pg.Client, queries: readonly string[]): Promise<number[]> {
  const answer = (await client.query(
    queries.map(sql => `explain (format json) ${sql}`).join(';'),
  )) as unknown
  return (answer as pg.QueryResult<{ 'QUERY PLAN': { Plan: { 'Total Cost': number } }[] }>[]).map(
    ({ rows }) => rows[0]?.['QUERY PLAN'][0]?.Plan['Total Cost'] ?? 0,
  )
}

async function costOf(client: pg.Client, indexes: readonly string[]): Promise<number> {
  await client.query('select hypopg_reset()')
  for (const index of indexes)
    await client.query('select hypopg_create_index($1)', [`create index on ${index}`])
  const sum = (await costs(client, tpchQueries)).reduce((all, cost) => all + cost, 0)
  await client.query('select hypopg_reset()')
  return sum
}

/** The best single index, then the best beside it, until none fits or saves anything. */
async function greedy(
  client: pg.Client,
  budget: number,
  say: (line: string) => void,
): Promise<Peer> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `select table_name as table, column_name as column from information_schema.columns where table_schema = 'public'
     and table_name in ('part', 'supplier', 'partsupp', 'customer', 'orders', 'lineitem') and column_name !~ '_comment$'`,
  )
  const named = rows.filter(({ column }) => tpchQueries.some(sql => sql.includes(column)))
  const single = named.map(({ table, column }) => `${table} (${column})`)
  const double = named.flatMap(a =>
    named
      .filter(b => a.table === b.table && a !== b)
      .map(b => `${a.table} (${a.column}, ${b.column})`),
  )
  let open = [...single, ...double]
  say(`greedy search over ${open.length} candidates`)
  const chosen: string[] = []
  let cost = await costOf(client, [])
  let bytes = 0
  for (;;) {
    let best: { index: string; cost: number; bytes: number } | undefined
    const useful: string[] = []
    await client.query('select hypopg_reset()')
    for (const index of chosen)
      await client.query('select hypopg_create_index($1)', [`create index on ${index}`])
    const before = new Map<string, number>()
    for (const table of new Set(named.map(({ table }) => table)))
      before.set(table, await costNaming(client, table))
    for (const index of open) {
      const made = await client.query<{ oid: string; bytes: string }>(
        'select indexrelid as oid, hypopg_relation_size(indexrelid) as bytes from hypopg_create_index($1)',
        [`create index on ${index}`],
      )
      const [row] = made.rows
      const table = index.slice(0, index.indexOf(' '))
      const gain = (before.get(table) ?? 0) - (await costNaming(client, table))
      await client.query('select hypopg_drop_index($1::oid)', [row?.oid])
      if (gain > 0.0005 * cost) useful.push(index)
      if (bytes + Number(row?.bytes) <= budget && (best === undefined || cost - gain < best.cost))
        best = { index, cost: cost - gain, bytes: Number(row?.bytes) }
    }
    if (best === undefined || best.cost > 0.995 * cost) return { indexes: chosen, cost }
    chosen.push(best.index)
    bytes += best.bytes
    cost = await costOf(client, chosen)
    open = useful.filter(index => index !== best?.index)
  }
}

/** Of the statements that name a table. */
async function costNaming(client: pg.Client, table: string): Promise<number> {
  const queries = tpchQueries.filter(sql => new RegExp(`\\b${table}\\b`).test(sql))
  return (await costs(client, queries)).reduce((sum, cost) => sum + cost, 0)
}
