import { type Figure, table, withInterval } from '../measure/line.js'
import { type Estimate, halfWidth } from '../statistics/interval.js'
import type { Stack } from './apps.js'
import type { Arrived } from './arrived.js'
import type { Route } from './block.js'
import type { Compared, Comparison } from './compare.js'
import type { Isolated } from './isolated.js'

/** All that one run has measured. */
export interface Results {
  readonly compared: readonly Compared[]
  readonly arrived: Arrived
  readonly isolated: Isolated
  readonly rssMb: Estimate
  readonly startMs: Estimate
}

/** A ratio with a wider interval was not resolved. */
const mostHalfWidth = 0.03

const routeNames: Readonly<Record<Route['name'], string>> = {
  nodb: 'no database',
  q1: '1 query',
  q20: '20 queries',
}

/** The tables, and below them what arrived. */
export function report({ compared, arrived, isolated }: Results): string {
  const { requests, statements, traces } = arrived
  const share = ((100 * traces) / requests).toFixed(2)
  return `${tableOf(compared)}

(?): half of the interval is more than ${mostHalfWidth}: not resolved.

${isolatedTable(isolated)}

Recorded while on: ${requests} requests and ${statements} statements, all of which the sink got in histograms; the traces of ${share} % of the requests arrived, and none was dropped.`
}

function tableOf(all: readonly Compared[]): string {
  const head = ['Node', 'app', 'route', 'compared', 'throughput', 'CPU per request', 'added CPU']
  const rows = all.flatMap(({ stack, route, comparisons, ...bare }) =>
    comparisons.map(({ name, throughput, cpu, addedCpuUs }, i) => [
      String(stack.node),
      `${stack.framework}, ${stack.driver}`,
      routeNames[route.name],
      name,
      ratio(throughput),
      ratio(cpu),
      withInterval(addedCpuUs, 1, ' µs'),
      i > 0 ? '' : `${Math.round(bare.bareRequestsPerSecond)}/s, ${bare.bareCpuUs.toFixed(0)} µs`,
    ]),
  )
  return table([...head, 'bare'], rows)
}

const ratio = (estimate: Estimate): string =>
  `${withInterval(estimate, 3)}${halfWidth(estimate) <= mostHalfWidth ? '' : ' (?)'}`

function isolatedTable({ request, statement }: Isolated): string {
  const row = (what: string, estimate: Estimate) => [what, withInterval(estimate, 0, ' ns')]
  const drivers = Object.entries(statement) as [Stack['driver'], Estimate][]
  return table(
    ['alone, without network and server', 'added CPU'],
    [
      row('a request of Fastify', request),
      ...drivers.map(([driver, estimate]) => row(`a statement of ${driver}`, estimate)),
    ],
  )
}

/** What is to be followed: on against off, by Node and route. */
export function figures({ compared, isolated, rssMb, startMs }: Results): Figure[] {
  const of = (
    name: string,
    digits: number,
    pick: (comparison: Comparison) => Estimate,
    is: (one: Compared) => boolean,
  ): Figure[] => {
    const found = compared.find(one => one.stack.framework === 'fastify' && is(one))
    return found ? [{ name, digits, estimate: pick(found.comparisons[0]) }] : []
  }
  const on = (node: number, route: Route['name'], driver: Stack['driver'] = 'pg') => {
    return ({ stack, route: { name } }: Compared): boolean =>
      stack.node === node && stack.driver === driver && name === route
  }
  return [
    ...of('node24_nodb_throughput', 3, c => c.throughput, on(24, 'nodb')),
    ...of('node24_nodb_cpu_us', 2, c => c.addedCpuUs, on(24, 'nodb')),
    ...of('node24_q20_cpu', 3, c => c.cpu, on(24, 'q20')),
    ...of('node24_q20_cpu_postgres', 3, c => c.cpu, on(24, 'q20', 'postgres')),
    ...of('node24_q20_cpu_mysql2', 3, c => c.cpu, on(24, 'q20', 'mysql2')),
    { name: 'ns_per_request', digits: 0, estimate: isolated.request },
    { name: 'ns_per_statement', digits: 0, estimate: isolated.statement.pg },
    { name: 'ns_per_statement_postgres', digits: 0, estimate: isolated.statement.postgres },
    { name: 'ns_per_statement_mysql2', digits: 0, estimate: isolated.statement.mysql2 },
    ...of('node20_nodb_throughput', 3, c => c.throughput, on(20, 'nodb')),
    { name: 'rss_mb', digits: 1, estimate: rssMb },
    { name: 'start_ms', digits: 1, estimate: startMs },
  ]
}
