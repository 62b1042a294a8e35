import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { RoutesAnswer, StatementsAnswer, TraceAnswer, TracesAnswer } from '../api/answers.js'
import { defaultSince } from '../api/window.js'
import type { Advice, RouteShare } from '../advise/advice.js'
import type { Kind } from '../advise/databases.js'
import type { IndexMemory } from '../advise/memory.js'
import type { LiveRoute } from '../advise/receipt.js'
import type { Workload } from '../advise/workload.js'
import { bytes, readConfig, resolveConfig } from '../config.js'
import { ConsoleError } from '../errors.js'
import type { Ask } from './ask.js'
import { type AskOptions, asking, filters, sinceHelp } from './asking.js'
import { drawAdvice, drawApplied } from './draw/index-advice.js'
import { liveRoutes } from './index-live.js'
import { wholeNumber } from './numbers.js'
import { print, tell } from './output.js'

interface IndexOptions extends AskOptions {
  readonly database?: string
  readonly copy?: string
  readonly statements?: string
  readonly most?: number
  readonly disk?: number
  readonly patience: number
  readonly measure: number
  readonly apply?: boolean
  readonly migration?: string
  readonly check?: boolean
}

/** A size of the command line. */
function size(text: string): number {
  const value = bytes(text)
  if (value === undefined) throw new InvalidArgumentError('It must be a size such as 500MB or 2GB.')
  return value
}

const migrations = ['knex', 'prisma', 'drizzle', 'typeorm', 'sql']

/** `hotpath index`: which indexes the database lacks for its workload, and which are in its way. */
export function addIndex(program: Command): void {
  program
    .command('index')
    .description('which indexes the database lacks, and which only cost')
    .option('--database <url>', 'the database (DATABASE_URL; else `database` of the config)')
    .option('--copy <url>', 'a copy of it, where indexes are made for the time of a trial')
    .option('--statements <file>', 'statements from a file: SQL, or JSON with calls and times')
    .option('--most <n>', 'no more indexes than this', wholeNumber)
    .option('--disk <size>', 'no more disk for them than this: 500MB, 2GB', size)
    .option('--patience <seconds>', 'try candidates for so long', wholeNumber, 30)
    .option('--apply', 'make, drop and rebuild them now, one at a time, without locking out writes')
    .option('--measure <seconds>', 'after that, look for live traffic so long', wholeNumber, 60)
    .option('--migration <tool>', `print a migration instead: ${migrations.join(', ')}`)
    .option('--check', 'exit with 1 when there is something to make or to drop')
    .option('--since <time>', sinceHelp, defaultSince)
    .option('--service <name>', 'only of this service')
    .option('--json', 'the advice as JSON (its shape: docs/index-advice.md)')
    .option('--ascii', 'no signs outside of ASCII')
    .option('--url <url>', 'ask this console (HOTPATH_URL; else http://127.0.0.1:4318)')
    .option('--store <file>', 'read this store file instead of asking a console')
    .addHelpText(
      'after',
      `
Statements come from the file, else from what the console recorded, with their
routes, and from pg_stat_statements or performance_schema of the database, where
that is on. PostgreSQL, MariaDB, MySQL: only read, unless --apply is given.

Examples:
  hotpath index --database postgres://reader@db/shop
  hotpath index --database mysql://reader@db/shop --copy mysql://me@test/shop
  hotpath index --statements slow.sql --copy postgres://me@test/shop_copy
  hotpath index --migration knex > migrations/20260101_indexes.js

Exit codes: 0 fine; 1 advice with --check, or an index that --apply could not
make or drop; 2 an error.`,
    )
    .action(index)
}

async function index(options: IndexOptions): Promise<void> {
  if (options.migration !== undefined && !migrations.includes(options.migration))
    throw new ConsoleError('PARAMETER', {
      name: '--migration',
      expected: `one of ${migrations.join(', ')}`,
      got: options.migration,
    })
  const database = await databaseOf(options)
  const { kindOf } = await import('../advise/databases.js')
  const kind = await kindOf(database)
  const advice = await kind.advise({
    database,
    memory: await memoryOf(options),
    ...(options.copy === undefined ? {} : { copy: options.copy }),
    ...(options.most === undefined ? {} : { most: options.most }),
    ...(options.disk === undefined ? {} : { bytes: options.disk }),
    patienceMs: options.patience * 1_000,
    workload: await workloadOf(options, database, kind),
  })
  if (options.migration !== undefined) {
    process.stdout.write(kind.migration(options.migration, advice, { isModule: isModule() }))
  } else if (options.apply) {
    await applied(kind, database, advice, options)
  } else print(advice, drawAdvice, options)
  const isMuch = advice.create.length + advice.drop.length > 0
  if (options.check && isMuch && !options.apply) process.exitCode = 1
}

/** Makes what was advised, looks what live traffic says of it, and leaves the receipt. */
async function applied(
  kind: Kind,
  database: string,
  advice: Advice,
  options: IndexOptions,
): Promise<void> {
  const { routesOf: gaining, writeReceipt } = await import('../advise/receipt.js')
  const { signal, end } = interruption()
  try {
    const applied = await kind.apply(database, advice, { tell, signal })
    const isFailed = signal.aborted || applied.some(({ outcome }) => outcome === 'failed')
    const routes = gaining(advice, applied).map(({ route }) => route)
    const live = isFailed ? [] : await liveOf(routes, options, signal)
    const place = { directory: process.cwd(), nowMs: Date.now() }
    const { file, receipt } = await writeReceipt(kind, database, advice, applied, {
      ...place,
      live,
    })
    const answer = { advice, applied, receipt, file: relative(place.directory, file) }
    print(answer, drawApplied, options)
    if (isFailed) process.exitCode = 1
  } finally {
    end()
  }
}

async function liveOf(
  routes: readonly string[],
  options: IndexOptions,
  signal: AbortSignal,
): Promise<LiveRoute[]> {
  if (routes.length === 0 || options.measure === 0) return []
  tell(
    `looking ${options.measure} s at most for what requests of ${routes.slice(0, 3).join(', ')} take now`,
  )
  let live: LiveRoute[] = []
  try {
    await asking(options, async ask => {
      live = await liveRoutes(ask, routes, { forMs: options.measure * 1_000, signal })
    })
  } catch (error) {
    // The indexes are made; that the console went away is no reason to leave no receipt.
    if (!(error instanceof ConsoleError)) throw error
    tell(error.message)
  }
  return live
}

/** What the console here remembers of indexes; it is its to add to. */
async function memoryOf({ store }: IndexOptions): Promise<IndexMemory> {
  const { IndexMemory, memoryFile } = await import('../advise/memory.js')
  const config = resolveConfig({}, await readConfig(process.cwd()))
  return new IndexMemory(memoryFile(resolve(store ?? config.store.path)))
}

/** Whether a `.js` of the project that we are called in is an ES module. */
function isModule(): boolean {
  try {
    const { type } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly type?: unknown }
    return type === 'module'
  } catch {
    return false
  }
}

/** The first Ctrl-C cleans up, the second one ends us at once. */
function interruption(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const names = ['SIGINT', 'SIGTERM'] as const
  const end = (): void => {
    for (const name of names) process.off(name, interrupt)
  }
  const interrupt = (): void => {
    end()
    tell('interrupted: what is being made is cancelled and cleaned up')
    controller.abort()
  }
  for (const name of names) process.on(name, interrupt)
  return { signal: controller.signal, end }
}

async function databaseOf({ database }: IndexOptions): Promise<string> {
  const config = await readConfig(process.cwd())
  const url = database ?? (process.env['DATABASE_URL'] || undefined) ?? config.database
  if (url === undefined) throw new ConsoleError('DATABASE_MISSING', {})
  return url
}

async function workloadOf(options: IndexOptions, database: string, kind: Kind): Promise<Workload> {
  const { fromFile, joined } = await import('../advise/workload.js')
  if (options.statements !== undefined) return fromFile(options.statements, kind.piecesOfFile)
  const seen = await recorded(options, kind)
  const counted = await kind.fromServer(database)
  const workload =
    seen instanceof ConsoleError || seen.statements.length === 0
      ? counted
      : counted === undefined
        ? seen
        : joined(seen, counted)
  if (workload !== undefined && workload.statements.length > 0) return workload
  const console_ =
    seen instanceof ConsoleError ? seen.message : 'the console has seen none in this window'
  throw new ConsoleError('WORKLOAD_EMPTY', {
    tried: `${console_.replace(/\.$/, '')}; ${kind.counts} ${counted === undefined ? 'is not there, or not for this user' : 'has none'}`,
  })
}

/** What the console recorded; why there is none where none can be asked. */
async function recorded(
  options: IndexOptions,
  { systems }: Kind,
): Promise<Workload | ConsoleError> {
  const { fromConsole } = await import('../advise/workload.js')
  let workload: Workload | undefined
  try {
    await asking(options, async ask => {
      const { statements } = await ask<StatementsAnswer>('statements', filters(options))
      workload = fromConsole(statements, await routesOf(ask, options), systems)
    })
  } catch (error) {
    if (error instanceof ConsoleError) return error
    throw error
  }
  return workload ?? { source: 'the console', statements: [] }
}

/** Requests that are looked at for the routes of statements. */
const looked = 40

/** By what kept requests show: which routes run a statement, how often in each, and how long they take. */
async function routesOf(ask: Ask, options: IndexOptions): Promise<Map<string, RouteShare[]>> {
  const window = filters(options)
  const { routes } = await ask<RoutesAnswer>('routes', window)
  const lists = await Promise.all(
    ['slowest', 'newest'].map(order =>
      ask<TracesAnswer>('traces', { ...window, order, limit: String(looked / 2) }),
    ),
  )
  const ids = new Set(lists.flatMap(({ traces }) => traces.map(({ traceId }) => traceId)))
  const requests = new Map<string, number>()
  const calls = new Map<string, Map<string, number>>()
  for (const id of ids) {
    const trace = await ask<TraceAnswer>(`traces/${id}`, {})
    requests.set(trace.route, (requests.get(trace.route) ?? 0) + 1)
    for (const { attributes, folded } of trace.rows) {
      const text = attributes['db.query.text']
      if (typeof text !== 'string') continue
      const of = calls.get(text) ?? new Map<string, number>()
      calls.set(text, of.set(trace.route, (of.get(trace.route) ?? 0) + (folded?.count ?? 1)))
    }
  }
  return new Map(
    [...calls].map(([text, of]) => [
      text,
      [...of].map(([route, count]): RouteShare => {
        const p50Ms = routes.find(row => row.route === route)?.p50Ms
        return {
          route,
          perRequest: count / (requests.get(route) ?? 1),
          ...(p50Ms == null ? {} : { p50Ms }),
        }
      }),
    ]),
  )
}
