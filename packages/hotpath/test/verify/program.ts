import type { Client, Pool, PoolClient } from 'pg'
import { failureOf, type Outcome, outcomeOf } from './outcome.js'
import type { Random } from './random.js'
import type { Source, Statement } from './statements.js'

export const ways = [
  'pool',
  'pool at once',
  'client',
  'client at once',
  'transaction',
  'repeatable read',
] as const

/** How the application goes about it: the same for the original and for what is batched. */
export interface Plan {
  readonly way: (typeof ways)[number]
  readonly statement: Statement
  /** After so many calls the loop is left. */
  readonly breaksAt: number
  readonly skipsNull: boolean
  /** Every so many rows is passed over; 0: none. */
  readonly skips: number
  /** Before this call a row of a later one is changed; -1: nothing is written. */
  readonly writesAt: number
  /** For each row another loop over what came. */
  readonly nested: boolean
  readonly inlined: boolean
  readonly rowMode: boolean
  readonly named: boolean
  readonly ownTypes: boolean
  readonly callback: boolean
}

export function randomPlan(random: Random, statement: Statement): Plan {
  const way = random.pick(ways)
  const writes = (way === 'transaction' || way === 'repeatable read') && random.chance(0.25)
  return {
    way,
    statement,
    breaksAt: random.chance(0.15) ? random.int(1, 6) : Infinity,
    skipsNull: random.chance(0.5),
    skips: random.chance(0.1) ? random.int(2, 4) : 0,
    writesAt: writes ? random.int(1, 5) : -1,
    // Over the first rows that came: without an order another plan gives others.
    nested: random.chance(0.15) && statement.ordered,
    inlined: random.chance(0.15),
    rowMode: random.chance(0.15),
    named: random.chance(0.1),
    ownTypes: random.chance(0.1),
    callback: random.chance(0.15),
  }
}

type Target = Pool | Client | PoolClient
interface Parent {
  readonly id: number
  readonly k: unknown
  readonly k2: unknown
  readonly digits: string
}

/** Runs the plan once, and tells everything that the application saw. */
export async function run(plan: Plan, pool: Pool): Promise<Outcome[]> {
  if (plan.way === 'pool' || plan.way === 'pool at once') return loop(plan, pool)
  const client = await pool.connect()
  try {
    if (plan.way === 'transaction') await client.query('begin')
    if (plan.way === 'repeatable read') await client.query('begin isolation level repeatable read')
    return await loop(plan, client)
  } finally {
    if (plan.way === 'transaction' || plan.way === 'repeatable read') await client.query('rollback')
    client.release()
  }
}

async function loop(plan: Plan, target: Target): Promise<Outcome[]> {
  const { rows } = await target.query<Parent>('select id, k, k2, digits from parent order by id')
  const chosen = rows
    .filter(row => !plan.skipsNull || (row.k !== null && row.k2 !== null))
    .filter((_, i) => plan.skips === 0 || i % plan.skips !== 1)
    .slice(0, plan.breaksAt)
  if (plan.way.endsWith('at once')) {
    return (await Promise.all(chosen.map(row => once(plan, target, row)))).flat()
  }
  const outcomes: Outcome[] = []
  for (const [i, row] of chosen.entries()) {
    if (i === plan.writesAt) {
      const later = chosen[i + 1] ?? row
      await target.query('update child set v = v + 100, t = $2 where pid = $1', [
        later.id,
        'changed',
      ])
      await target.query('update secret set v = v + 100 where pid = $1', [later.id])
    }
    outcomes.push(...(await once(plan, target, row)))
    if (outcomes.at(-1)?.text.includes('"severity"')) {
      // A failed transaction: everything else would be refused.
      if (plan.way === 'transaction' || plan.way === 'repeatable read') break
    }
  }
  return outcomes
}

async function once(plan: Plan, target: Target, row: Parent): Promise<Outcome[]> {
  const values = plan.statement.params.map(param => valueOf(param, row))
  const { outcome, result } = await call(plan, target, plan.statement.text, values)
  if (!plan.nested || result === undefined || plan.rowMode) return [outcome]
  const outcomes = [outcome]
  for (const { id } of (result.rows as { id?: number }[]).slice(0, 3)) {
    if (typeof id !== 'number') break
    const inner = 'select id, label from detail where child = $1 order by id'
    outcomes.push((await call({ ...plan, named: false }, target, inner, [id])).outcome)
  }
  // An application may do with its rows what it likes: nobody else may see it.
  for (const each of result.rows as Record<string, unknown>[]) each['mine'] = true
  result.rows.push({ extra: true })
  return outcomes
}

function valueOf(source: Source, row: Parent): unknown {
  if ('value' in source) return source.value
  const value = row[source.column]
  return source.list === true ? [value] : value
}

interface Result {
  rows: unknown[]
  fields: never[]
  command: string
  rowCount: number | null
  oid: number
}

async function call(
  plan: Plan,
  target: Target,
  text: string,
  values: unknown[],
): Promise<{ outcome: Outcome; result?: Result }> {
  const config: Record<string, unknown> = plan.inlined ? inline(text, values) : { text, values }
  if (plan.rowMode) config['rowMode'] = 'array'
  if (plan.named && !plan.inlined) config['name'] = `named ${text.length} ${text.slice(0, 40)}`
  if (plan.ownTypes) config['types'] = ownTypes
  try {
    const result = (await send(plan, target, config)) as Result
    return { outcome: outcomeOf(result as never), result }
  } catch (error) {
    return { outcome: failureOf(error) }
  }
}

function send(plan: Plan, target: Target, config: Record<string, unknown>): Promise<unknown> {
  const query = target.query.bind(target) as (...args: unknown[]) => Promise<unknown>
  if (!plan.callback) return query(config)
  return new Promise((resolve, reject) => {
    void query(config, (error: unknown, result: unknown) =>
      error ? reject(error) : resolve(result),
    )
  })
}

const ownTypes = {
  getTypeParser: (oid: number) => (value: string) => `${oid} says ${value}`,
}

/** Writes the values into the text, as some ORMs do. What cannot be written plainly stays a parameter. */
function inline(text: string, values: readonly unknown[]): Record<string, unknown> {
  const plain = values.every(value => typeof value === 'number' || typeof value === 'string')
  if (!plain || /comment|--|\/\*/.test(text)) return { text, values }
  const inlined = text.replaceAll(/\$(\d)/g, (_, number: string) => {
    const value = values[Number(number) - 1]
    return typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`
  })
  return { text: inlined }
}
