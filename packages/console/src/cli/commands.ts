import type { Command } from 'commander'
import type {
  FindingAnswer,
  FindingsAnswer,
  LimitsAnswer,
  ProcessesAnswer,
  RoutesAnswer,
  StatementsAnswer,
  TraceAnswer,
  TracesAnswer,
} from '../api/answers.js'
import { defaultSince } from '../api/window.js'
import { type AskOptions, asking, filters, listing, sinceHelp, single } from './asking.js'
import { drawFinding, drawFindings } from './draw/findings.js'
import { drawLimits } from './draw/limits.js'
import { drawRoutes, drawStatements, drawTraces } from './draw/lists.js'
import { drawProcesses } from './draw/processes.js'
import { drawTrace } from './draw/trace.js'
import { percentage, wholeNumber } from './numbers.js'
import { print, tell } from './output.js'

/** Adds the commands that show what was recorded. */
export function addListings(program: Command): void {
  listing(
    program,
    'routes',
    'where the time of all requests goes, by route',
    'routes --since 2h',
  ).action((options: AskOptions) =>
    asking(options, async ask =>
      print(await ask<RoutesAnswer>('routes', filters(options)), drawRoutes, options),
    ),
  )
  listing(
    program,
    'statements',
    'where the time of the database goes, by statement',
    'statements',
  ).action((options: AskOptions) =>
    asking(options, async ask =>
      print(await ask<StatementsAnswer>('statements', filters(options)), drawStatements, options),
    ),
  )
  listing(
    program,
    'processes',
    'how each process does: processor, memory, event loop, connections',
    'processes --since 2h',
  ).action((options: AskOptions) =>
    asking(options, async ask =>
      print(await ask<ProcessesAnswer>('processes', filters(options)), drawProcesses, options),
    ),
  )
  listing(
    program,
    'limits',
    'what limits did: allowed, delayed, refused, shed, by route',
    'limits --since 2h',
  ).action((options: AskOptions) =>
    asking(options, async ask =>
      print(await ask<LimitsAnswer>('limits', filters(options)), drawLimits, options),
    ),
  )
  addTraces(program)
  addTrace(program)
  addFindings(program)
  addFinding(program)
}

function addTraces(program: Command): void {
  interface TracesOptions extends AskOptions {
    readonly route?: string
    readonly min?: number
    readonly newest?: boolean
    readonly errors?: boolean
    readonly limit: number
  }
  listing(
    program,
    'traces',
    'single requests that were kept, the slowest first',
    "traces --route 'GET /menu'",
  )
    .option('--route <route>', 'only of this route, as `hotpath routes` names it')
    .option('--min <ms>', 'only those that took at least so many milliseconds', wholeNumber)
    .option('--newest', 'the newest first; otherwise the slowest')
    .option('--errors', 'only those that failed')
    .option('--limit <n>', 'at most so many', wholeNumber, 20)
    .action((options: TracesOptions) =>
      asking(options, async ask => {
        const answer = await ask<TracesAnswer>('traces', {
          ...filters(options),
          ...(options.route === undefined ? {} : { route: options.route }),
          ...(options.min === undefined ? {} : { min: String(options.min) }),
          order: options.newest ? 'newest' : 'slowest',
          ...(options.errors ? { status: 'error' } : {}),
          limit: String(options.limit),
        })
        const { route } = options
        const none = answer.traces.length === 0 && answer.requests === 0 && !options.json
        const of =
          none && route !== undefined
            ? { asked: route, routes: await ask<RoutesAnswer>('routes', filters(options)) }
            : undefined
        print(answer, (traces, screen) => drawTraces(traces, screen, of), options)
      }),
    )
}

function addTrace(program: Command): void {
  const command = single(program, 'trace', 'one request as a waterfall', 'trace 4bf92f35 --expand')
  command
    .option('--expand', 'every span in a row of its own')
    .action((id: string, options: AskOptions & { readonly expand?: boolean }) =>
      asking(options, async ask => {
        const parameters: Record<string, string> = options.expand ? { expand: '1' } : {}
        const path = `traces/${encodeURIComponent(id)}`
        print(await ask<TraceAnswer>(path, parameters), drawTrace, options)
      }),
    )
}

function addFindings(program: Command): void {
  const example = 'findings --service coffee-shop --fail-on 5'
  listing(
    program,
    'findings',
    'what makes it slow, those first whose fixes would save the most',
    example,
  )
    .option(
      '--fail-on <percent>',
      'exit with 1 when a finding takes at least so much of all request time; 0 for any finding',
      percentage,
    )
    .action((options: AskOptions & { readonly failOn?: number }) =>
      asking(options, async ask => {
        const answer = await ask<FindingsAnswer>('findings', filters(options))
        const clean = answer.findings.length === 0 && answer.requests > 0 && !options.json
        const routes = clean ? await ask<RoutesAnswer>('routes', filters(options)) : undefined
        print(answer, (findings, screen) => drawFindings(findings, routes, screen), options)
        if (isOverBudget(answer, options.failOn)) process.exitCode = 1
        else if (options.failOn !== undefined && answer.requests === 0) {
          tell('nothing was recorded, so --fail-on has nothing to judge.')
          process.exitCode = 2
        }
      }),
    )
}

function addFinding(program: Command): void {
  single(program, 'show', 'one finding: evidence, place, cost, what to do', 'show 3fa91c20')
    .option('--since <time>', sinceHelp, defaultSince)
    .option('--service <name>', 'only of this service')
    .action((id: string, options: AskOptions) =>
      asking(options, async ask => {
        const path = `findings/${encodeURIComponent(id)}`
        print(await ask<FindingAnswer>(path, filters(options)), drawFinding, options)
      }),
    )
}

function isOverBudget({ findings, totalMs }: FindingsAnswer, failOn: number | undefined): boolean {
  if (failOn === undefined) return false
  return findings.some(({ cost }) => totalMs === 0 || (cost.totalMs / totalMs) * 100 >= failOn)
}
