import type { Creation, RouteShare, Served, Verified } from './advice.js'
import { type Candidate, nameOf, onTable, shortName, tableName } from './candidate.js'
import { quoted } from './names.js'
import { outline } from './plan.js'
import type { Outcome } from './what-if.js'
import { type Write, writePercent, writePrice } from './writes.js'

/** One statement that an index serves. */
export interface ServedBy {
  readonly text: string
  readonly calls: number
  readonly ms: number | undefined
  readonly p50Ms: number | undefined
  readonly routes: readonly RouteShare[]
  readonly before: Outcome
  readonly after: Outcome
}

/** An index as it is told: what to run, what it brings and what it costs. */
export function creationOf(
  index: Candidate,
  facts: {
    readonly verified: Verified
    readonly bytes: number | undefined
    readonly saved: number | null
    readonly reached: number | null
    readonly served: readonly ServedBy[]
    readonly writes: readonly Write[]
    readonly taken: Set<string>
    readonly why: string
    readonly hypothetical: (name: string) => string
  },
): Creation {
  const { table } = index
  const name = nameOf(index, one => facts.taken.has(`${table.schema}.${one}`))
  facts.taken.add(`${table.schema}.${name}`)
  const written = facts.writes.filter(write => write.table.oid === table.oid)
  return {
    name,
    table: shortName(table),
    definition: index.tail,
    method: index.method,
    sql: statementsOf(index, name, facts.taken),
    verified: facts.verified,
    why: facts.why,
    bytes: facts.bytes ?? null,
    saved: facts.saved,
    reached: facts.reached,
    write: {
      percent: writePercent(index),
      rows: written.reduce((sum, { rows, calls }) => sum + rows * calls, 0),
      cost: writePrice(index, written),
    },
    serves: facts.served.map(one => servedOf(one, facts.hypothetical)),
  }
}

export function servedOf(
  { text, calls, ms, p50Ms, routes, before, after }: ServedBy,
  nameOf: (name: string) => string,
): Served {
  const each = ms === undefined || calls === 0 ? undefined : ms / calls
  return {
    statement: text,
    calls,
    routes: routes.map(route => predicted(route, p50Ms ?? each, after.cost / before.cost)),
    cost: { before: before.cost, after: after.cost },
    ms:
      each === undefined
        ? null
        : { before: each, after: Math.min(each, (each * after.cost) / before.cost) },
    plan: { before: outline(before.plan), after: outline(after.plan, nameOf) },
  }
}

/** A way to the database and back, also for the quickest statement: no prediction is below. */
const roundTripMs = 0.3

/** The route's median with its calls of the statement as quick as the costs say. */
function predicted(route: RouteShare, eachMs: number | undefined, part: number): RouteShare {
  const { p50Ms, perRequest = 1 } = route
  if (p50Ms === undefined || eachMs === undefined) return route
  const thenMs = Math.max(roundTripMs, eachMs * part)
  const savedMs = perRequest * Math.max(0, eachMs - thenMs)
  return { ...route, predictedMs: Math.max(perRequest * roundTripMs, p50Ms - savedMs) }
}

/**
 * A partitioned table takes no index CONCURRENTLY: each partition gets its own so, and the index of the whole is
 * made of them. An index is a part of that of its own parent alone: of partitions of partitions each level has one.
 */
function statementsOf(index: Candidate, name: string, taken: Set<string>): string[] {
  const { table, tail, extension } = index
  const before =
    extension === undefined ? [] : [`CREATE EXTENSION IF NOT EXISTS ${quoted(extension)}`]
  if (table.kind !== 'p')
    return [...before, `CREATE INDEX CONCURRENTLY ${quoted(name)} ${onTable(index)}`]
  const own = new Map([[tableName(table), tableName({ schema: table.schema, name })]])
  const parts = table.branches.map(branch => {
    const part = nameOf({ ...index, table: { ...table, name: branch.name } }, one =>
      taken.has(`${branch.schema}.${one}`),
    )
    taken.add(`${branch.schema}.${part}`)
    own.set(tableName(branch), tableName({ schema: branch.schema, name: part }))
    return { branch, part }
  })
  const attached = ({ branch }: (typeof parts)[number]): string =>
    `ALTER INDEX ${own.get(tableName(branch.parent))} ATTACH PARTITION ${own.get(tableName(branch))}`
  const partitioned = parts.filter(({ branch }) => !branch.isLeaf)
  return [
    ...before,
    `CREATE INDEX ${quoted(name)} ON ONLY ${tableName(table)} ${tail}`,
    ...partitioned.map(
      ({ branch, part }) => `CREATE INDEX ${quoted(part)} ON ONLY ${tableName(branch)} ${tail}`,
    ),
    ...partitioned.map(attached),
    ...parts
      .filter(({ branch }) => branch.isLeaf)
      .flatMap(one => [
        `CREATE INDEX CONCURRENTLY ${quoted(one.part)} ON ${tableName(one.branch)} ${tail}`,
        attached(one),
      ]),
  ]
}

/** Why this index, in a sentence without its end. */
export function whyOf(
  { keys, include, where, method }: Candidate,
  served: readonly ServedBy[],
): string {
  const parts = [
    method === 'brin'
      ? 'the rows lie in its order, so a few bytes for each block will do'
      : undefined,
    keys.length > 1 ? 'equality first, then ranges and order' : undefined,
    include.length > 0
      ? `${include.join(' and ')} carried along, so the table is not looked at`
      : undefined,
    where === undefined ? undefined : 'only the rows that are asked for',
  ].filter(part => part !== undefined)
  const statements = `serves ${served.length === 1 ? 'one statement' : `${served.length} statements`}`
  return [statements, ...parts].join('; ')
}
