import pg from 'pg'
import { advise } from '../../../dist/advise/advise.js'
import type { IndexServer } from '../index/server.js'
import { costOf, greedy, type Query } from './greedy.js'
import { tpchQueries } from './queries.js'
import { tpchSchema } from './schema.js'

interface Trial {
  readonly name: string
  readonly queries: readonly Query[]
  /** Of what the tables take. */
  readonly share: number
}

const whole: Trial = {
  name: 'all statements, half of the disk',
  queries: tpchQueries.map(sql => ({ sql, calls: 1 })),
  share: 0.5,
}

/**
 * The advised set beside that of a greedy search over all single- and two-column B-trees by hypopg, both under one
 * budget of disk. True when the advice cuts the planner's total at least as far, with no more indexes. After the
 * whole of the workload come `trials` of a half of it, drawn by lot with calls and a budget: what the choice was not
 * looked at with.
 */
export async function compareTpch(
  server: IndexServer,
  { scale, trials }: { readonly scale: number; readonly trials: number },
  say: (line: string) => void,
): Promise<boolean> {
  say(`a schema like TPC-H's at scale ${scale}`)
  await server.run('postgres', 'create database tpch')
  await server.run('tpch', 'create extension hypopg', ...tpchSchema(scale))
  const client = new pg.Client({ connectionString: server.urlOf('tpch') })
  await client.connect()
  try {
    const isReached = await compare(client, server.urlOf('tpch'), whole, say)
    let reached = 0
    for (let seed = 1; seed <= trials; seed++)
      if (await compare(client, server.urlOf('tpch'), drawn(seed), say)) reached++
    if (trials > 0) say(`index-tpch: trials=${trials} reached=${reached}`)
    return isReached && reached === trials
  } finally {
    await client.end()
  }
}

async function compare(
  client: pg.Client,
  database: string,
  { name, queries, share }: Trial,
  say: (line: string) => void,
): Promise<boolean> {
  const { rows } = await client.query<{ bytes: string }>(
    'select pg_database_size(current_database()) as bytes',
  )
  const bytes = Number(rows[0]?.bytes) * share
  const before = await costOf(client, queries, [])
  // First the other: the advice may have no more indexes.
  const peer = await greedy(client, queries, bytes)
  const advice = await advise({
    database,
    workload: {
      source: 'TPC-H',
      statements: queries.map(({ sql, calls }) => ({ text: sql, calls, routes: [] })),
    },
    bytes,
    most: peer.indexes.length,
    patienceMs: 600_000,
  })
  // What hypopg does not know was not tried, and does not count.
  const tried = advice.create
    .filter(({ verified }) => verified !== 'none')
    .map(one => `${one.table} ${one.definition}`)
  const ours = await costOf(client, queries, tried)
  say(
    `${name}: ${advice.load.candidates} candidates, ${advice.load.plans} plans in ${Math.round(advice.load.ms / 1e3)} s`,
  )
  for (const one of tried) say(`  advised  ${one}`)
  for (const one of peer.indexes) say(`  greedy   ${one}`)
  for (const { reason } of advice.workload.skipped) say(`  skipped: ${reason}`)
  say(
    `index-tpch: before=${Math.round(before)} advised=${Math.round(ours)} indexes=${tried.length} greedy=${Math.round(peer.cost)} indexes=${peer.indexes.length}`,
  )
  return (
    ours <= peer.cost * 1.001 &&
    tried.length <= peer.indexes.length &&
    advice.workload.statements === queries.length
  )
}

/** Half of the statements, 1 to 100 calls of each, a tenth to all of the tables' disk. */
function drawn(seed: number): Trial {
  const next = lots(seed)
  const lot = tpchQueries
    .map(sql => ({ sql, calls: Math.ceil(100 ** next()), at: next() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, tpchQueries.length / 2)
  const share = [0.1, 0.25, 0.5, 1][Math.floor(next() * 4)] ?? 1
  return { name: `seed ${seed}, ${share} of the disk`, queries: lot, share }
}

/** Numbers from 0 to 1, the same for a seed each time (a multiplicative congruential generator, Lehmer's). */
function lots(seed: number): () => number {
  let state = (seed * 48_271 * 48_271) % 2_147_483_647
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
