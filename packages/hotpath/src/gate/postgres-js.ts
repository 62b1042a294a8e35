import { templateOf } from '../sql/template.js'
import type { Attributes } from '../trace/attributes.js'
import type { CallSite } from '../trace/call-site.js'
import { context } from '../trace/context.js'
import { caught, contained } from '../trace/counts.js'
import { inContext } from '../trace/in-context.js'
import { onEsModule } from '../trace/es-module.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { openStatement } from './open-statement.js'
import type { Callback, Method } from './pg-types.js'
import { siteOf } from './pg-site.js'
import { replace } from './replace.js'
import { type Database, type StatementSpan, statementOf } from './statement-span.js'
import { waited, waitedInLine } from './wait-span.js'

/** Where a query keeps where it was written, its span until it ends, and its two states. */
const SITE = Symbol('hotpath.site')
const SPAN = Symbol('hotpath.span')
const STATE = Symbol('hotpath.state')
const ACTIVE = Symbol('hotpath.active')

/** What we need of a query of postgres.js 3: a promise that is sent when somebody waits for it. */
interface Query {
  readonly strings: readonly string[]
  readonly args: readonly unknown[]
  readonly handler: unknown
  readonly executed: boolean
  /** Once it is sent: its text, and what stands for `$1`. */
  readonly string?: unknown
  readonly parameters?: unknown
  resolve: unknown
  reject: unknown
  cursorFn?: unknown
  forEachFn?: unknown
  [SITE]?: CallSite | undefined
  [SPAN]?: StatementSpan
  [STATE]?: unknown
  [ACTIVE]?: unknown
}

interface Result {
  readonly command?: unknown
  readonly count?: unknown
  readonly columns?: unknown
}

/** Where a query goes is known to the closure that sends it alone. */
const database: Database = {
  system: 'postgresql',
  isAny: true,
  attributes: (): Attributes => ({}),
}

/**
 * The statements of postgres.js 3, each once, by the class of its queries: `handle` is where one begins, in
 * the context of who waits for it; `resolve` and `reject` are where it ends. That it was given a connection,
 * and that its turn there came, is told by two fields, which are made accessors.
 */
export function gatePostgresJs(): void {
  const patch = (exports: unknown) => gateQuery((exports as { Query: { prototype: object } }).Query)
  for (const folder of ['cjs/src', 'cf/src']) onModule(`/postgres/${folder}/query.js`, patch)
  onEsModule('postgres', 'src/query.js', patch)
}

function gateQuery(Query: { readonly prototype: object }): void {
  replace(
    Query.prototype,
    'handle',
    original =>
      function handle() {
        const query = this as Query
        if (recorder.enabled && !query.executed) begin(query)
        // Its iterator gives it a `resolve` of each step.
        else if (query[SPAN] !== undefined && query[SPAN].endMs < 0) watchEnd(query, query[SPAN])
        return original.call(this)
      },
  )
  field(Query.prototype, 'state', STATE, (query, state) => {
    // Within its constructor: when somebody awaits it the app's frames are gone.
    if (query[SPAN] === undefined && state === null) query[SITE] = whereWritten(query)
    else if (query[SPAN] !== undefined && state !== null) given(query)
  })
  field(Query.prototype, 'active', ACTIVE, (query, active) => {
    if (query[SPAN] !== undefined && active === true) turnCame(query)
  })
}

function field(
  prototype: object,
  name: string,
  kept: typeof STATE | typeof ACTIVE,
  changed: (query: Query, value: unknown) => void,
): void {
  if (name in prototype) return
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: false,
    get(this: Query) {
      return this[kept]
    },
    set(this: Query, value: unknown) {
      this[kept] = value
      if (recorder.enabled) contained('gate.postgres-js', () => changed(this, value))
    },
  })
}

function begin(query: Query): void {
  try {
    // Its own question after the types that there are; a fragment is sent by nobody.
    if (typeof query.handler !== 'function' || query.handler.name === 'execute') return
    const handed = { span: context.getStore(), carried: { site: query[SITE], promised: false } }
    const span = openStatement(templateOf(textOf(query)), database, undefined, handed)
    query[SPAN] = span
    for (const name of ['cursorFn', 'forEachFn'] as const) {
      const listener = query[name]
      if (typeof listener !== 'function') continue
      query[name] = function (this: unknown) {
        return inContext(span.caller, listener as Callback, this, arguments)
      }
    }
    watchEnd(query, span)
  } catch {
    caught('gate.postgres-js')
  }
}

const whereWritten = (query: Query): CallSite | undefined =>
  siteOf(statementOf(templateOf(textOf(query)), 'postgresql'), context.getStore())

/** As it will be sent, but for fragments within it, which are put in when it is. */
const textOf = ({ strings }: Query): string =>
  strings.length < 2
    ? (strings[0] ?? '')
    : strings.reduce((text, part, at) => (at === 0 ? part : `${text}$${at}${part}`), '')

const ENDS = new WeakSet<Callback>()

function watchEnd(query: Query, span: StatementSpan): void {
  const { resolve, reject } = query
  if (typeof resolve === 'function' && !ENDS.has(resolve as Callback))
    query.resolve = ending(resolve as Method, result => succeed(query, span, result))
  if (typeof reject === 'function' && !ENDS.has(reject as Callback))
    query.reject = ending(reject as Method, error => fail(query, span, error))
}

function ending(original: Method, note: (value: unknown) => void): Method {
  const end: Method = function (value) {
    contained('gate.postgres-js', () => note(value))
    return original.call(this, value)
  }
  ENDS.add(end)
  return end
}

/** A connection has it: it may wait there behind others. */
function given(query: Query): void {
  const span = query[SPAN] as StatementSpan
  waited(span.parent, span.startMs, false, () => 'postgres.js')
  span.startMs = recorder.now()
}

/** The server's answers are for it now. */
function turnCame(query: Query): void {
  const span = query[SPAN] as StatementSpan
  if (query[STATE] === null || query[STATE] === undefined || span.endMs >= 0) return
  const now = recorder.now()
  waitedInLine(span.parent, span.startMs, now)
  span.startMs = now
}

function succeed(query: Query, span: StatementSpan, result: unknown): void {
  become(query, span)
  const first = (Array.isArray(result) && isResult(result[0]) ? result[0] : result) as
    | Result
    | undefined
  if (Array.isArray(first?.columns)) span.columns = first.columns.length
  span.succeed(rowsOf(result))
}

function fail(query: Query, span: StatementSpan, error: unknown): void {
  become(query, span)
  span.fail(error)
}

/** It has been sent: now its text is known, with all fragments in it, and its parameters. */
function become(query: Query, span: StatementSpan): void {
  if (span.endMs >= 0 || typeof query.string !== 'string') return
  const template = templateOf(query.string)
  span.is(statementOf(template, 'postgresql'), template.data, listOf(query.parameters))
}

const listOf = (parameters: unknown): readonly unknown[] | undefined =>
  Array.isArray(parameters) && parameters.length > 0
    ? parameters.map(one =>
        typeof one === 'object' && one !== null && 'value' in one ? one.value : one,
      )
    : undefined

const isResult = (value: unknown): value is Result =>
  Array.isArray(value) && 'command' in value && 'count' in value

/** Of several statements in one text, all of theirs. */
function rowsOf(result: unknown): number {
  if (!Array.isArray(result)) return -1
  if (!isResult(result))
    return result.every(isResult) ? result.reduce((sum: number, one) => sum + rowsOf(one), 0) : -1
  // Those that were given to a listener are not in it.
  const { command, count } = result as Result
  return command === 'SELECT' && typeof count === 'number'
    ? count
    : (result as readonly unknown[]).length
}
