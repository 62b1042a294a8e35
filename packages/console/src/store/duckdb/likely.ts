import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { BIGINT, LIST, listValue, UBIGINT, VARCHAR } from './api.js'
import { columns } from './database.js'
import { traceDigits } from './ids.js'
import { type Gap, spansInGap } from './past.js'
import { minuteNs } from './recent.js'
import { farFuture, ofService } from './window.js'

/** Entries of one route that are looked at on each side, for each trace that is wanted of it. */
const entriesPerTrace = 2

/** A trace as one route of one service saw it. */
export interface Seen {
  readonly traceId: string
  /** By which ids are put in order: the lower half is random in every format of ids. */
  readonly lo: bigint
  fromNs: bigint
  toNs: bigint
  durationNs: bigint
}

/**
 * Of one route all traces with an id up to `mostLo`, and all that took `leastDuration` or longer: of either
 * as many as are wanted, or all that there are.
 */
export interface Route {
  readonly service: string
  readonly name: string
  readonly mostLo: bigint
  readonly leastDuration: bigint
  readonly traces: Map<string, Seen>
}

export type Routes = readonly Route[]

/**
 * The routes of some stretches of time with the traces that can be among the first `perRoute` of their lowest
 * ids or of their slowest.
 *
 * To rank all entries means to sort them twice; so only those are read that can be among the first: up to the
 * `n` lowest ids and from the `n` slowest entries of each route on. Ids are random, so where the `n` lowest
 * end follows from their number, which saves a fifth of the time; for a sender whose ids are not it is
 * looked up. Where entries are of too few traces (one that entered the route many times), more are read.
 */
export async function readRoutes(
  connection: DuckDBConnection,
  service: string | undefined,
  gap: Gap,
  perRoute: number,
): Promise<Routes> {
  const few = isShort(gap) ? await readFew(connection, service, gap) : undefined
  if (few !== undefined) return few.map(route => narrowed(route, perRoute))
  let n = perRoute * entriesPerTrace
  for (let bounds: Bounds = 'expected'; ; bounds = 'exact') {
    const routes = await readLikely(connection, service, gap, n, bounds)
    if (routes?.every(route => isEnough(route, perRoute)))
      return routes.map(route => narrowed(route, perRoute))
    if (bounds === 'exact') n *= 8
  }
}

/** The minutes before and after what is known of a window. */
const isShort = ({ since, until, from, to }: Gap): boolean =>
  from - since + (until - to) <= 5n * minuteNs

/** To take so many takes as long as to find out in SQL which are wanted. */
const mostEntries = 4_000

/** All entries of a gap by their routes; undefined when they are many. */
async function readFew(
  connection: DuckDBConnection,
  service: string | undefined,
  gap: Gap,
): Promise<Route[] | undefined> {
  const [services = [], names = [], ...rows] = await columns(
    connection,
    `select o.service, e.route, e.trace_hi, e.trace_lo, e.start_ns, e.duration_ns
     from (${spansInGap('entries', 'source, route, trace_hi, trace_lo, start_ns, duration_ns', gap)}) e
       join sources o on o.id = e.source
     where ${ofService('o')} limit ${mostEntries + 1}`,
    { service: service ?? null },
  )
  if (services.length > mostEntries) return undefined
  const routes = new Map<string, Route>()
  for (const [i, of] of services.entries()) {
    const route = { service: String(of), name: String(names[i]) }
    const { traces } = known(routes, nameOf(route), () => ({
      ...route,
      mostLo: mostId,
      leastDuration: -farFuture,
      traces: new Map(),
    }))
    addSeen(traces, rows, i)
  }
  return [...routes.values()]
}

function known<Value>(all: Map<string, Value>, key: string, make: () => Value): Value {
  const found = all.get(key) ?? make()
  all.set(key, found)
  return found
}

/** Row `i` of the columns trace_hi, trace_lo, start_ns and duration_ns. */
function addSeen(
  traces: Map<string, Seen>,
  columns: readonly (readonly DuckDBValue[])[],
  i: number,
): void {
  const [hi, lo, fromNs, durationNs] = columns.map(column => column[i] as bigint)
  if (hi === undefined || lo === undefined || fromNs === undefined || durationNs === undefined)
    return
  const traceId = traceDigits(hi, lo)
  const seen = { traceId, lo, fromNs, toNs: fromNs + durationNs, durationNs }
  const other = traces.get(traceId)
  traces.set(traceId, other === undefined ? seen : joined(other, seen))
}

/**
 * What two stretches hold together. A trace that lies in both is right: where one of them was read for its id,
 * so was the other, and of the longer one its duration tells.
 */
export function together(a: Routes, b: Routes): Routes {
  const routes = new Map(a.map(route => [nameOf(route), route]))
  for (const route of b) {
    const other = routes.get(nameOf(route))
    routes.set(nameOf(route), other === undefined ? route : both(other, route))
  }
  return [...routes.values()]
}

const nameOf = ({ service, name }: Pick<Route, 'service' | 'name'>): string =>
  JSON.stringify([service, name])

function both(a: Route, b: Route): Route {
  const traces = new Map(a.traces)
  for (const [traceId, seen] of b.traces) {
    const other = traces.get(traceId)
    traces.set(traceId, other === undefined ? seen : joined(other, seen))
  }
  return within({
    ...a,
    mostLo: a.mostLo < b.mostLo ? a.mostLo : b.mostLo,
    leastDuration: greatest([a.leastDuration, b.leastDuration]),
    traces,
  })
}

const joined = (a: Seen, b: Seen): Seen => ({
  ...a,
  fromNs: least([a.fromNs, b.fromNs]),
  toNs: greatest([a.toNs, b.toNs]),
  durationNs: greatest([a.durationNs, b.durationNs]),
})

/** Without what lies beyond both bounds: of that not all is there. */
function within({ traces, ...route }: Route): Route {
  const { mostLo, leastDuration } = route
  const inside = [...traces].filter(
    ([, { lo, durationNs }]) => lo <= mostLo || durationNs >= leastDuration,
  )
  return { ...route, traces: new Map(inside) }
}

/** With no more than are wanted: what is kept takes less room, and sorting less time. */
function narrowed(route: Route, perRoute: number): Route {
  const all = [...route.traces.values()]
  if (all.length <= perRoute) return route
  const lowest = all.toSorted(byId)[perRoute - 1] as Seen
  const slowest = all.toSorted((a, b) => Number(b.durationNs - a.durationNs))[perRoute - 1] as Seen
  return within({
    ...route,
    mostLo: route.mostLo < lowest.lo ? route.mostLo : lowest.lo,
    leastDuration: greatest([route.leastDuration, slowest.durationNs]),
  })
}

/** Where the lowest ids end: as random ids would, or as these do. */
type Bounds = 'expected' | 'exact'

const mostId = 2n ** 64n - 1n

/**
 * In two statements: in one DuckDB takes the bounds for many rows and all entries into a table of hashes
 * instead. `n` is written in: DuckDB wants it constant. Undefined when ids are too many to be random.
 */
async function readLikely(
  connection: DuckDBConnection,
  service: string | undefined,
  gap: Gap,
  n: number,
  bounds: Bounds,
): Promise<Route[] | undefined> {
  const lowest = bounds === 'exact' ? `list_max(min(e.trace_lo, ${n}))` : 'null'
  const [services = [], names = [], counts = [], ends = [], slowest = []] = await columns(
    connection,
    `select o.service, e.route, count(*), ${lowest}, list_min(max(e.duration_ns, ${n}))
     from (${spansInGap('entries', 'source, route, trace_lo, duration_ns', gap)}) e
       join sources o on o.id = e.source
     where ${ofService('o')} group by all`,
    { service: service ?? null },
  )
  const all = counts.map(count => (count as bigint) <= BigInt(n))
  const mostLo = counts.map((count, k) =>
    all[k]
      ? mostId
      : bounds === 'exact'
        ? (ends[k] as bigint)
        : (mostId / (count as bigint)) * BigInt(n),
  )
  const leastDuration = slowest.map((ns, k) => (all[k] ? -farFuture : (ns as bigint)))
  const most = bounds === 'exact' ? null : BigInt(8 * n * (names.length + 10))
  const result = await connection.run(
    `with bounds as (
       select unnest($services) as service, unnest($names) as route, unnest($most) as most_lo,
         unnest($least) as least_duration, unnest(range(len($names))) as place
     )
     select b.place, e.trace_hi, e.trace_lo, e.start_ns, e.duration_ns
     from (${spansInGap('entries', 'source, route, trace_hi, trace_lo, start_ns, duration_ns', gap)}) e
       join sources o on o.id = e.source
       join bounds b on b.service = o.service and b.route = e.route
     where (e.trace_lo <= $anyLo or e.duration_ns >= $anyDuration)
       and (e.trace_lo <= b.most_lo or e.duration_ns >= b.least_duration)
     limit $limit`,
    {
      services: listValue(services),
      names: listValue(names),
      most: listValue(mostLo),
      least: listValue(leastDuration),
      // No route needs more: to compare with these first spares most rows the comparing of names.
      anyLo: mostLo.reduce((a, b) => (b > a ? b : a), 0n),
      anyDuration: least(leastDuration),
      limit: most ?? farFuture,
    },
    {
      anyLo: UBIGINT,
      services: LIST(VARCHAR),
      names: LIST(VARCHAR),
      most: LIST(UBIGINT),
      least: LIST(BIGINT),
    },
  )
  const [place = [], ...rows] = await result.getColumns()
  if (most !== null && BigInt(place.length) >= most) return undefined
  const routes = names.map((name, k) => ({
    service: String(services[k]),
    name: String(name),
    mostLo: mostLo[k] as bigint,
    leastDuration: leastDuration[k] as bigint,
    traces: new Map<string, Seen>(),
  }))
  for (const [i, number] of place.entries())
    addSeen((routes[Number(number)] as Route).traces, rows, i)
  return routes
}

/** Whether those that were read are all, or as many as are wanted on each side. */
function isEnough({ mostLo, leastDuration, traces }: Route, perRoute: number): boolean {
  if (mostLo === mostId && leastDuration === -farFuture) return true
  const all = [...traces.values()]
  return (
    all.filter(({ lo }) => lo <= mostLo).length >= perRoute &&
    all.filter(({ durationNs }) => durationNs >= leastDuration).length >= perRoute
  )
}

export const byId = (a: Seen, b: Seen): number =>
  a.lo < b.lo ? -1 : a.lo > b.lo ? 1 : a.traceId < b.traceId ? -1 : 1

export const greatest = (values: readonly bigint[]): bigint =>
  values.reduce((a, b) => (a > b ? a : b), -farFuture)
export const least = (values: readonly bigint[]): bigint =>
  values.reduce((a, b) => (a < b ? a : b), farFuture)
