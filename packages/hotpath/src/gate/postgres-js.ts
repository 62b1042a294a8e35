import { type Template, templateOf } from '../sql/template.js'
import type { CallSite } from '../trace/call-site.js'
import { context } from '../trace/context.js'
import { caught } from '../trace/counts.js'
import { inContext } from '../trace/in-context.js'
import { onEsModule } from '../trace/es-module.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { openStatement } from './open-statement.js'
import type { Callback, Method } from './pg-types.js'
import { siteOf } from './pg-site.js'
import { replace } from './replace.js'
import { serverOf, UNKNOWN_SERVER } from './postgres-js-server.js'
import { type StatementSpan, statementOf } from './statement-span.js'
import { waited, waitedInLine } from './wait-span.js'

/** Where a query keeps where it was written, and its span until it ends. */
const SITE = Symbol('hotpath.site')
const SPAN = Symbol('hotpath.span')
/** What was given to it as its `resolve`. */
const RESOLVE = Symbol('hotpath.resolve')
/** Who comes after it on its connection. Only of one that has not ended: else they would keep each other for ever. */
const NEXT = Symbol('hotpath.next')

/** What we need of a query of postgres.js 3: a promise that is sent when somebody waits for it. */
interface Query {
  readonly strings: readonly string[]
  readonly args: readonly unknown[]
  readonly handler: unknown
  readonly executed: boolean
  readonly tagged?: unknown
  /** Once it is sent: its text, and what stands for `$1`. */
  readonly string?: unknown
  readonly parameters?: unknown
  resolve: unknown
  reject: unknown
  cursorFn?: unknown
  forEachFn?: unknown
  /** Of the connection that has it. */
  readonly state: object | null
  /** The server's answers are for it. */
  readonly active: boolean
  [SITE]?: CallSite | undefined
  [SPAN]?: StatementSpan
  [RESOLVE]?: unknown
  [NEXT]?: Query | undefined
}

interface Result {
  readonly command?: unknown
  readonly count?: unknown
  readonly columns?: unknown
}

/** Of a connection: what was sent last, and has not ended. */
interface Line {
  last: Query | undefined
}
const lines = new WeakMap<object, Line>()

/**
 * The statements of postgres.js 3, each once, by the class of its queries: `handle` is where one begins, in
 * the context of who waits for it; `resolve` and `reject` are where it ends. Where it is made, and that a
 * connection has it, is told by the first assignment to two of its fields: their accessors leave a property
 * of its own, as it is without us.
 */
export function gatePostgresJs(): void {
  const patch = (exports: unknown) => gateQuery((exports as { Query: { prototype: object } }).Query)
  for (const folder of ['cjs/src', 'cf/src']) onModule(`/postgres/${folder}/query.js`, patch)
  onEsModule('postgres', 'src/query.js', patch, true)
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
  const { prototype } = Query
  if ('state' in prototype || 'string' in prototype) return
  Object.defineProperty(prototype, 'state', {
    configurable: true,
    set(this: Query, state: unknown) {
      void new OwnState(this, state)
      // Within its constructor: when somebody awaits it the app's frames are gone.
      this[SITE] = recorder.enabled ? whereWritten(this) : undefined
    },
  })
  Object.defineProperty(prototype, 'string', {
    configurable: true,
    set(this: Query, text: unknown) {
      void new OwnString(this, text)
      if (this[SPAN] !== undefined) given(this, this[SPAN])
    },
  })
}

/** A field of a class is defined on what the constructor above it returns: 40 ns, by `defineProperty` 350. */
// oxlint-disable-next-line typescript/no-extraneous-class -- it is there to be extended
class Given {
  constructor(query: object) {
    return query
  }
}
class OwnState extends Given {
  state: unknown
  constructor(query: object, state: unknown) {
    super(query)
    this.state = state
  }
}
class OwnString extends Given {
  string: unknown
  constructor(query: object, text: unknown) {
    super(query)
    this.string = text
  }
}

function begin(query: Query): void {
  try {
    // Its own question after the types that there are; a fragment is sent by nobody.
    if (typeof query.handler !== 'function' || query.handler.name === 'execute') return
    const carried = { site: query[SITE], promised: false }
    const handed = { span: context.getStore(), carried, startMs: -1, endMs: -1, poolName }
    const span = openStatement(writtenOf(query), UNKNOWN_SERVER, undefined, handed)
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

function whereWritten(query: Query): CallSite | undefined {
  try {
    return siteOf(statementOf(writtenOf(query), 'postgresql'), context.getStore())
  } catch {
    caught('gate.postgres-js')
    return undefined
  }
}

/** Of the places in the app's code: what is written in each is always the same object. */
const written = new WeakMap<object, Template>()

/** As it will be sent, but for fragments within it, which are put in when it is. */
function writtenOf({ strings, tagged }: Query): Template {
  const known = written.get(strings)
  if (known !== undefined) return known
  const text = strings.reduce(
    (before, part, at) => (at === 0 ? part : `${before}$${at}${part}`),
    '',
  )
  const template = templateOf(text)
  if (tagged === true) written.set(strings, template)
  return template
}

/** Its `resolve` and `reject` are ours, but where its iterator gives it others for each step. */
function watchEnd(query: Query, span: StatementSpan): void {
  const { resolve, reject } = query
  if (query[RESOLVE] === resolve || typeof resolve !== 'function' || typeof reject !== 'function')
    return
  query[RESOLVE] = query.resolve = function (this: unknown, result: unknown) {
    succeed(query, span, result)
    return (resolve as Method).call(this, result)
  }
  query.reject = function (this: unknown, error: unknown) {
    fail(query, span, error)
    return (reject as Method).call(this, error)
  }
}

/** A connection has it: it may wait there behind others. */
function given(query: Query, span: StatementSpan): void {
  try {
    const { state, active } = query
    if (span.endMs >= 0 || state === null) return
    const nowMs = recorder.now()
    waited({ startMs: span.startMs, endMs: nowMs, poolName }, span.parent, false)
    span.startMs = nowMs
    const line = lineOf(state)
    if (!active && line.last !== undefined) line.last[NEXT] = query
    line.last = query
  } catch {
    caught('gate.postgres-js')
  }
}

const poolName = (): string => 'postgres.js'

function lineOf(connection: object): Line {
  let line = lines.get(connection)
  if (line === undefined) {
    line = { last: undefined }
    lines.set(connection, line)
  }
  return line
}

/** The server's answers are for the next one on its connection now. */
function turnComes(query: Query, now: number): void {
  const { [NEXT]: next, state } = query
  query[NEXT] = undefined
  const line = state === null ? undefined : lines.get(state)
  if (line?.last === query) line.last = undefined
  const span = next?.[SPAN]
  if (span === undefined || span.endMs >= 0) return
  waitedInLine(span.parent, span.startMs, now)
  span.startMs = now
}

function succeed(query: Query, span: StatementSpan, result: unknown): void {
  try {
    if (span.endMs >= 0) return
    become(query, span)
    const first = (Array.isArray(result) && isResult(result[0]) ? result[0] : result) as
      | Result
      | undefined
    if (Array.isArray(first?.columns)) span.columns = first.columns.length
    span.database = serverOf(query.state)
    span.succeed(rowsOf(result))
    turnComes(query, span.endMs)
  } catch {
    caught('gate.postgres-js')
  }
}

function fail(query: Query, span: StatementSpan, error: unknown): void {
  try {
    if (span.endMs >= 0) return
    become(query, span)
    span.database = serverOf(query.state)
    span.fail(error)
    turnComes(query, span.endMs)
  } catch {
    caught('gate.postgres-js')
  }
}

/** It has been sent: now its text is known, with all fragments in it, and its parameters. */
function become({ string, args, parameters, strings }: Query, span: StatementSpan): void {
  if (typeof string !== 'string') return
  const values = listOf(parameters)
  const known = args.some(isFragment) ? undefined : written.get(strings)
  const template = known ?? templateOf(string)
  span.is(statementOf(template, 'postgresql'), template.data, values)
}

/** What changes the text: a query, a name, a list of columns or values, and lists of those. */
const isFragment = (one: unknown): boolean =>
  typeof one === 'object' &&
  one !== null &&
  (Array.isArray(one) ? one.some(isFragment) : FRAGMENTS.has(one.constructor?.name))
const FRAGMENTS = new Set<unknown>(['Query', 'Identifier', 'Builder'])

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
