import { type DuckDBConnection, INTEGER, LIST, listValue } from '@duckdb/node-api'
import type { Window } from '../store.js'
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
  readonly rollups: Pick<Rollups, 'newestNs'>
}

/**
 * Which of the sources sent anything in the window, and when. Entries and points nearly always tell; spans,
 * of which there are ten times as many, are searched for those that are left.
 */
export async function sentIn(
  connection: DuckDBConnection,
  { past, sent: kept, heard, rollups: { newestNs } }: KnownPast,
  window: Window,
  sources: readonly number[],
): Promise<Sent> {
  const times = { ...windowParameters(window), newestNs, nowMs: Date.now() }
  const { since, until } = times
  const parts = await past.parts(kept, [], times, async gap => {
    const value = await readSent(connection, telling, gap)
    return { value, size: value.size + 1 }
  })
  const sent = parts.reduce(both)
  const silent = sources.filter(id => !sent.has(id) && heard.within(id, times) !== false)
  return silent.length === 0
    ? sent
    : both(sent, await readSent(connection, [ofSilent], whole(since, until), silent))
}

/** Whether each of some sources sent anything in the window; as a rule that is known. */
export async function haveSent(
  connection: DuckDBConnection,
  known: KnownPast,
  window: Window,
  sources: readonly number[],
): Promise<ReadonlySet<number>> {
  const { heard } = known
  const all = spansInGap('spans', 'source, start_ns as ns')
  await heard.load(() => readSent(connection, [all, ...telling], whole(-farFuture, farFuture)))
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
const telling = [
  spansInGap('entries', 'source, start_ns as ns'),
  ...['points', 'counters', 'gauges'].map(table => pointsInGap(table, 'source, end_ns as ns')),
]

const ofSilent = `select * from (${spansInGap('spans', 'source, start_ns as ns')})
  where source in (select unnest($silent))`

async function readSent(
  connection: DuckDBConnection,
  rows: readonly string[],
  gap: Gap,
  silent?: readonly number[],
): Promise<Sent> {
  const [source = [], first, last] = await columns(
    connection,
    `select source, min(ns), max(ns) from (${rows.join(' union all ')}) group by source`,
    { ...gap, ...(silent ? { silent: listValue([...silent]) } : {}) },
    silent ? { silent: LIST(INTEGER) } : {},
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
