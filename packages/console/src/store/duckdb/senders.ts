import type { DuckDBConnection } from '@duckdb/node-api'
import { INTEGER, LIST, listValue } from './api.js'
import type { Window } from '../store.js'
import type { Bounds } from './bounds.js'
import { columns } from './database.js'
import type { Heard, Sent } from './heard.js'
import type { Kept } from './kept.js'
import { type Gap, type Past, pointsInGap, spansInGap, whole } from './past.js'
import type { Rollups } from './rollups.js'
import { farFuture, windowParameters } from './window.js'

/** What is known before senders are asked for. */
export interface KnownPast {
  readonly past: Past
  readonly sent: Kept<Sent>
  readonly heard: Heard
  readonly bounds: Bounds
  readonly rollups: Pick<Rollups, 'newestNs'>
}

/**
 * Which of the sources sent anything in the window, and when. Entries and points nearly always tell; spans,
 * of which there are ten times as many, are searched for those that are left.
 */
export async function sentIn(
  connection: DuckDBConnection,
  known: KnownPast,
  window: Window,
  sources: readonly number[],
): Promise<Sent> {
  const { past, sent: kept, heard } = known
  const { newestNs } = known.rollups
  const times = { ...windowParameters(window), newestNs, nowMs: Date.now() }
  const { since, until } = times
  const parts = await past.parts(kept, [], times, async gap => {
    const value = await readSent(connection, telling(known, gap))
    return { value, size: value.size + 1 }
  })
  const sent = parts.reduce(both)
  const silent = sources.filter(id => !sent.has(id) && heard.within(id, times) !== false)
  return silent.length === 0
    ? sent
    : both(sent, await readSent(connection, [allSpans(whole(since, until))], silent))
}

/** Whether each of some sources sent anything in the window; as a rule that is known. */
export async function haveSent(
  connection: DuckDBConnection,
  known: KnownPast,
  window: Window,
  sources: readonly number[],
): Promise<ReadonlySet<number>> {
  const { heard } = known
  const ever = whole(-farFuture, farFuture)
  await heard.load(() => readSent(connection, [allSpans(ever), ...telling(known, ever)]))
  const times = windowParameters(window)
  const found = new Set(sources.filter(id => heard.within(id, times) === true))
  const unknown = sources.filter(id => heard.within(id, times) === undefined)
  if (unknown.length === 0) return found
  const { changes } = known.sent
  const sent = await sentIn(connection, known, window, unknown)
  if (changes === known.sent.changes) heard.noted(sent)
  for (const id of sent.keys()) found.add(id)
  return found
}

/** SQL: the rows that tell of a process. */
const telling = ({ bounds }: KnownPast, gap: Gap): string[] => [
  spansInGap('entries', 'source, start_ns as ns', gap),
  ...(['points', 'counters', 'gauges'] as const)
    .filter(table => bounds.reach(table, gap))
    .map(table => pointsInGap(table, 'source, end_ns as ns', gap)),
]

const allSpans = (gap: Gap): string => spansInGap('spans', 'source, start_ns as ns', gap)

async function readSent(
  connection: DuckDBConnection,
  rows: readonly string[],
  among?: readonly number[],
): Promise<Sent> {
  const all = rows.join(' union all ')
  const [source = [], first, last] = await columns(
    connection,
    `select source, min(ns), max(ns) from (${all}) where ${among ? 'source in (select unnest($among))' : 'true'}
     group by source`,
    among ? { among: listValue([...among]) } : {},
    among ? { among: LIST(INTEGER) } : {},
  )
  return new Map(
    source.map((id, i) => [Number(id), [first?.[i] as bigint, last?.[i] as bigint] as const]),
  )
}

function both(a: Sent, b: Sent): Sent {
  const all = new Map(a)
  for (const [source, [first, last]] of b) {
    const [early, late] = a.get(source) ?? [first, last]
    all.set(source, [first < early ? first : early, last > late ? last : late])
  }
  return all
}
