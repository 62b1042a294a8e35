import type pg from 'pg'

/** A statement, and how often it runs. */
export interface Query {
  readonly sql: string
  readonly calls: number
}

export interface Peer {
  readonly indexes: readonly string[]
  readonly cost: number
}

/** The planner's total of a workload with these hypothetical indexes, each as it stands behind `CREATE INDEX ON`. */
export async function costOf(
  client: pg.Client,
  queries: readonly Query[],
  indexes: readonly string[],
): Promise<number> {
  await client.query('select hypopg_reset()')
  for (const index of indexes)
    await client.query('select hypopg_create_index($1)', [`create index on ${index}`])
  const cost = await costNow(client, queries)
  await client.query('select hypopg_reset()')
  return cost
}

async function costNow(client: pg.Client, queries: readonly Query[]): Promise<number> {
  if (queries.length === 0) return 0
  const answer = (await client.query(
    queries.map(({ sql }) => `explain (format json) ${sql}`).join(';'),
  )) as unknown
  const all = [answer].flat() as pg.QueryResult<{
    'QUERY PLAN': { Plan: { 'Total Cost': number } }[]
  }>[]
  return all.reduce(
    (sum, { rows }, at) =>
      sum + (queries[at]?.calls ?? 0) * (rows[0]?.['QUERY PLAN'][0]?.Plan['Total Cost'] ?? 0),
    0,
  )
}

/** Over all single- and two-column B-trees: the best one, then the best beside it, until none fits or saves anything. */
export async function greedy(
  client: pg.Client,
  queries: readonly Query[],
  budget: number,
): Promise<Peer> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `select table_name as table, column_name as column from information_schema.columns where table_schema = 'public'
     and table_name in ('part', 'supplier', 'partsupp', 'customer', 'orders', 'lineitem') and column_name !~ '_comment$'`,
  )
  const named = rows.filter(({ column }) => queries.some(({ sql }) => sql.includes(column)))
  const naming = (table: string): Query[] =>
    queries.filter(({ sql }) => new RegExp(`\\b${table}\\b`).test(sql))
  let open = [
    ...named.map(({ table, column }) => `${table} (${column})`),
    ...named.flatMap(a =>
      named
        .filter(b => a.table === b.table && a !== b)
        .map(b => `${a.table} (${a.column}, ${b.column})`),
    ),
  ]
  const chosen: string[] = []
  let cost = await costOf(client, queries, [])
  let bytes = 0
  for (;;) {
    let best: { index: string; cost: number; bytes: number } | undefined
    const useful: string[] = []
    for (const index of chosen)
      await client.query('select hypopg_create_index($1)', [`create index on ${index}`])
    const before = new Map<string, number>()
    for (const table of new Set(named.map(({ table }) => table)))
      before.set(table, await costNow(client, naming(table)))
    for (const index of open) {
      const made = await client.query<{ oid: string; bytes: string }>(
        'select indexrelid as oid, hypopg_relation_size(indexrelid) as bytes from hypopg_create_index($1)',
        [`create index on ${index}`],
      )
      const [row] = made.rows
      const table = index.slice(0, index.indexOf(' '))
      const gain = (before.get(table) ?? 0) - (await costNow(client, naming(table)))
      await client.query('select hypopg_drop_index($1::oid)', [row?.oid])
      if (gain > 0.0005 * cost) useful.push(index)
      if (bytes + Number(row?.bytes) <= budget && (best === undefined || cost - gain < best.cost))
        best = { index, cost: cost - gain, bytes: Number(row?.bytes) }
    }
    await client.query('select hypopg_reset()')
    if (best === undefined || best.cost > 0.995 * cost) return { indexes: chosen, cost }
    chosen.push(best.index)
    bytes += best.bytes
    cost = await costOf(client, queries, chosen)
    open = useful.filter(index => index !== best?.index)
  }
}
