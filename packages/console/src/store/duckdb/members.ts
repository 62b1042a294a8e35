import type { DuckDBConnection } from '@duckdb/node-api'
import { columns } from './database.js'
import type { Followed, Looked } from './followed.js'
import { traceDigits } from './ids.js'
import { greatest, least } from './likely.js'

/** A row of `entries`: where work entered a process. */
export interface Entry {
  readonly traceId: string
  /** By which traces are looked up: random in every format of ids, where the upper half can be a time or zeros. */
  readonly lo: bigint
  readonly spanId: bigint
  readonly parentId: bigint | null
  readonly service: string
  readonly startNs: bigint
}

/** What is in a trace: its entries, and the services that sent each of its spans. */
export interface Members {
  readonly entries: readonly Entry[]
  readonly services: ReadonlyMap<bigint, readonly string[]>
}

/** How far from its entries the spans of a trace, and its other entries, are looked for, but for a trace asked for by its id. */
export const aroundNs = 3_600_000_000_000n

interface Wanted {
  readonly lo: bigint
  looked: Looked
}

/** What is in the traces of some entries. */
export async function readMembers(
  connection: DuckDBConnection,
  followed: Followed<Members>,
  of: readonly (Entry & { readonly durationNs: number })[],
): Promise<ReadonlyMap<string, Members>> {
  const wanted = new Map<string, Wanted>()
  for (const { traceId, lo, startNs, durationNs } of of) {
    const fromNs = startNs - aroundNs
    const toNs = startNs + BigInt(durationNs) + aroundNs
    const known = wanted.get(traceId)
    if (known === undefined) wanted.set(traceId, { lo, looked: { fromNs, toNs } })
    else known.looked = both([known.looked, { fromNs, toNs }])
  }
  const members = new Map<string, Members>()
  const unknown = new Map<string, Wanted>()
  for (const [traceId, one] of wanted) {
    const known = followed.get(traceId, one.looked)
    if (known === undefined) unknown.set(traceId, one)
    else members.set(traceId, known)
  }
  if (unknown.size === 0) return members
  const following = [...unknown].map(([traceId, { looked }]) => followed.follow(traceId, looked))
  // Around these alone: as a rule they are the newest, and the others known.
  const found = await lookUp(connection, [...unknown.values()])
  for (const one of following) {
    const value = found.get(one.traceId)
    if (value === undefined) continue
    members.set(one.traceId, value)
    followed.note(one, value, value.services.size + value.entries.length)
  }
  return members
}

const both = (all: readonly Looked[]): Looked => ({
  fromNs: least(all.map(({ fromNs }) => fromNs)),
  toNs: greatest(all.map(({ toNs }) => toNs)),
})

/**
 * Numbers of ours are written into the statement, not text of theirs: for eighty ids constants take two
 * thirds of the time of a join.
 */
async function lookUp(
  connection: DuckDBConnection,
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<string, Members>> {
  const { fromNs, toNs } = both(wanted.map(({ looked }) => looked))
  const ids = [...new Set(wanted.map(({ lo }) => lo))].join(', ')
  const where = `t.trace_lo in (${ids}) and t.start_ns between $from and $to`
  const times = { from: fromNs, to: toNs }
  const found = new Map<string, { entries: Entry[]; services: Map<bigint, string[]> }>()
  const of = (hi: unknown, lo: unknown): { entries: Entry[]; services: Map<bigint, string[]> } => {
    const traceId = traceDigits(hi as bigint, lo as bigint)
    const known = found.get(traceId) ?? { entries: [], services: new Map<bigint, string[]>() }
    found.set(traceId, known)
    return known
  }
  const spans = await columns(
    connection,
    `select t.trace_hi, t.trace_lo, t.span_id, o.service
     from spans t join sources o on o.id = t.source where ${where}`,
    times,
  )
  for (const [i, hi] of (spans[0] ?? []).entries()) {
    const [lo, spanId, service] = spans.slice(1).map(column => column[i])
    const { services } = of(hi, lo)
    const known = services.get(spanId as bigint)
    if (known === undefined) services.set(spanId as bigint, [String(service)])
    else if (!known.includes(String(service))) known.push(String(service))
  }
  const entries = await columns(
    connection,
    `select t.trace_hi, t.trace_lo, t.span_id, t.parent_id, o.service, t.start_ns
     from entries t join sources o on o.id = t.source where ${where}`,
    times,
  )
  for (const [i, hi] of (entries[0] ?? []).entries()) {
    const [lo, spanId, parentId, service, startNs] = entries.slice(1).map(column => column[i])
    of(hi, lo).entries.push({
      traceId: traceDigits(hi as bigint, lo as bigint),
      lo: lo as bigint,
      spanId: spanId as bigint,
      parentId: (parentId ?? null) as bigint | null,
      service: String(service),
      startNs: startNs as bigint,
    })
  }
  return found
}
