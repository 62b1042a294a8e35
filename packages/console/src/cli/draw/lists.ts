import type { Latency, RoutesAnswer, StatementsAnswer, TracesAnswer } from '../../api/answers.js'
import { count, counted, duration, percent } from '../../diagnose/figures.js'
import { nearest } from '../../nearest.js'
import { emptyWindow, heading, nextSteps, notes, span } from './frame.js'
import type { Screen } from './screen.js'
import { type Column, bar, table } from './table.js'
import { plain, shortSql, wrap } from './text.js'

/** More rows scroll the first ones away, and those are the ones that matter. */
const shownRows = 30

/** From this width on there is room for bars beside long names. */
const roomy = 100

const figures: readonly Column[] = [
  { title: 'P50', align: 'right' },
  { title: 'P95', align: 'right' },
  { title: 'MAX', align: 'right' },
]

/** All routes, the one that takes the most time first. */
export function drawRoutes(answer: RoutesAnswer, screen: Screen): string[] {
  const requests = answer.routes.reduce((sum, route) => sum + route.count, 0)
  const [first] = answer.routes
  if (!first)
    return [heading(answer, counted(0, 'request'), screen), ...emptyWindow(answer, screen)]
  const several = answer.services.length > 1 && answer.service === null
  const withBars = !several || screen.columns >= roomy
  const failing = answer.routes.some(route => route.errors > 0)
  const columns: Column[] = [
    { title: 'TIME', align: 'right' },
    ...(withBars ? [{ title: '', tone: 'hot' } as const] : []),
    { title: 'ROUTE', flexible: true },
    ...(several ? [{ title: 'SERVICE', tone: 'quiet' } as const] : []),
    { title: 'COUNT', align: 'right' },
    ...figures,
    ...(failing ? [{ title: 'ERR', align: 'right', tone: 'bad' } as const] : []),
  ]
  const rows = answer.routes
    .slice(0, shownRows)
    .map(route => [
      percent(route.share),
      ...(withBars ? [bar(route.share, 8)] : []),
      plain(route.route),
      ...(several ? [plain(route.service)] : []),
      count(route.count) + (route.sampled ? '*' : ''),
      ...latencies(route),
      ...(failing ? [route.errors === 0 ? '' : count(route.errors)] : []),
    ])
  const place = several ? `${plain(first.route)} of ${plain(first.service)}` : plain(first.route)
  return [
    heading(answer, counted(requests, 'request'), screen),
    `  ${place} takes ${percent(first.share)} of all request time.`,
    '',
    ...table(columns, rows, screen),
    ...footnotes(answer.routes, shownRows, screen),
    ...notes(answer.notes, screen),
    ...nextSteps(
      [
        'hotpath findings',
        `hotpath traces --route '${plain(first.route)}'${several ? ` --service ${first.service}` : ''}`,
      ],
      screen,
    ),
  ]
}

/** All statements, the one that takes the most time first. */
export function drawStatements(answer: StatementsAnswer, screen: Screen): string[] {
  const calls = answer.statements.reduce((sum, statement) => sum + statement.count, 0)
  const [first] = answer.statements
  const head = heading(answer, counted(calls, 'call'), screen)
  if (!first) return [head, ...emptyWindow(answer, screen)]
  const isRoomy = screen.columns >= roomy
  const several = answer.services.length > 1 && answer.service === null
  const failing = answer.statements.some(statement => statement.errors > 0)
  const columns: Column[] = [
    { title: 'TIME', align: 'right' },
    ...(isRoomy ? [{ title: '', tone: 'data' } as const] : []),
    { title: 'STATEMENT', flexible: true },
    ...(several ? [{ title: 'SERVICE', tone: 'quiet' } as const] : []),
    { title: 'CALLS', align: 'right' },
    ...figures.slice(0, isRoomy ? 3 : 2),
    ...(failing ? [{ title: 'ERR', align: 'right', tone: 'bad' } as const] : []),
  ]
  const rows = answer.statements
    .slice(0, shownRows)
    .map(statement => [
      percent(statement.share),
      ...(isRoomy ? [bar(statement.share, 8)] : []),
      isRoomy ? plain(statement.statement) : shortSql(plain(statement.statement)),
      ...(several ? [plain(statement.service)] : []),
      count(statement.count) + (statement.sampled ? '*' : ''),
      ...latencies(statement).slice(0, isRoomy ? 3 : 2),
      ...(failing ? [statement.errors === 0 ? '' : count(statement.errors)] : []),
    ])
  return [
    head,
    `  One statement takes ${percent(first.share)} of all database time.`,
    '',
    ...table(columns, rows, screen),
    ...footnotes(answer.statements, shownRows, screen),
    ...notes(answer.notes, screen),
    ...nextSteps(['hotpath findings', 'hotpath statements --json'], screen),
  ]
}

/** A route that was asked for, and all that the window has. */
export interface AskedRoute {
  readonly asked: string
  readonly routes: RoutesAnswer
}

/** Kept traces. `of` tells, when there are none, whether the window knows the route at all. */
export function drawTraces(answer: TracesAnswer, screen: Screen, of?: AskedRoute): string[] {
  const [first] = answer.traces
  const head = heading(answer, counted(answer.requests, 'request'), screen)
  if (!first && answer.requests > 0)
    return [
      head,
      `  None of ${counted(answer.requests, 'request')} was kept that fits: fewer filters, or a longer --since.`,
      ...nextSteps(['hotpath routes', 'hotpath traces'], screen),
    ]
  if (!first && of !== undefined && of.routes.routes.length > 0)
    return [head, ...unknownRoute(of, screen)]
  if (!first) return [head, ...emptyWindow(answer, screen)]
  const columns: Column[] = [
    { title: 'TRACE', tone: 'strong' },
    { title: 'WHEN', tone: 'quiet' },
    { title: 'ROUTE', flexible: true },
    { title: 'STATUS', align: 'right' },
    { title: 'TOOK', align: 'right' },
    { title: 'SPANS', align: 'right' },
  ]
  const rows = answer.traces.map(trace => [
    trace.traceId.slice(0, 8),
    clockTime(trace.startMs),
    plain(trace.route) + (trace.services.length > 1 ? ` (${trace.services.length} services)` : ''),
    trace.statusCode === null ? (trace.status === 'error' ? 'error' : '') : `${trace.statusCode}`,
    duration(trace.durationMs),
    count(trace.spans),
  ])
  const slowest = answer.traces.reduce((most, t) => (t.durationMs > most.durationMs ? t : most))
  return [
    head,
    `  ${counted(answer.traces.length, 'trace')} of ${counted(answer.requests, 'request')}; the slowest took ${duration(slowest.durationMs)}.`,
    '',
    ...table(columns, rows, screen),
    ...notes(answer.notes, screen),
    ...nextSteps([`hotpath trace ${slowest.traceId.slice(0, 8)}`], screen),
  ]
}

function unknownRoute({ asked, routes }: AskedRoute, screen: Screen): string[] {
  const names = [...new Set(routes.routes.map(({ route }) => route))]
  const near = nearest(asked, names)
  const holding = names.filter(name => name.toLowerCase().includes(asked.toLowerCase()))
  const likely = [...new Set([...(near === null ? [] : [near]), ...holding])].slice(0, 3)
  return [
    ...wrap(
      `No request of ${plain(asked)} was recorded in the last ${span(routes)}, but of ${counted(names.length, 'other route')}.`,
      screen.columns - 2,
    ).map(line => `  ${line}`),
    ...nextSteps(
      [...likely.map(name => `hotpath traces --route '${plain(name)}'`), 'hotpath routes'],
      screen,
    ),
  ]
}

function latencies({ p50Ms, p95Ms, maxMs }: Latency): string[] {
  return [p50Ms, p95Ms, maxMs].map(ms => (ms === null ? '–' : duration(ms)))
}

function footnotes(
  rows: readonly (Latency & { readonly sampled: boolean })[],
  shown: number,
  { paint }: Screen,
): string[] {
  const left = rows.length - shown
  return [
    ...(left > 0 ? [`${counted(left, 'more row')}: --json has them all.`] : []),
    ...(rows.some(row => row.p50Ms === null) ? ['– fewer than 20: no percentiles.'] : []),
    ...(rows.some(row => row.sampled) ? ['* counted from sampled spans.'] : []),
  ].map(line => `  ${paint('quiet', line)}`)
}

/** `10:14:07`, local. */
function clockTime(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8)
}
