import { currentComputation } from '../cache/computation.js'
import { plans } from '../plans/policy.js'
import { inRoot } from '../pool/root.js'
import type { Lender } from '../pool/share/lender.js'
import { sharing } from '../pool/use.js'
import { templateOf } from '../sql/template.js'
import type { Attributes } from '../trace/attributes.js'
import { context } from '../trace/context.js'
import { caught, contained } from '../trace/counts.js'
import { recorder } from '../trace/recorder.js'
import type { OpenSpan } from '../trace/span.js'
import { databaseOf } from './pg-database.js'
import { lookAtPlan } from './pg-plans.js'
import { active, lastQueued } from './pg-line.js'
import { type HandedOver, handedOver, setInstant } from './pg-site.js'
import { forgetRead, noteGiven, noteReturned } from './pg-returned.js'
import { forgetSent, lastSent, MAX_EARLY, stageQueries, stages } from './pg-stage.js'
import type {
  Callback,
  Method,
  PgClient,
  PgConnection,
  PgResult,
  QueryConfig,
  Submittable,
} from './pg-types.js'
import { replace } from './replace.js'
import { withinCaller } from './within-caller.js'
import { openStatement } from './open-statement.js'
import type { StatementSpan } from './statement-span.js'

/** Where a query keeps its span until it ends. */
const SPAN = Symbol('hotpath.span')
type Watched = Submittable & {
  [SPAN]?: StatementSpan
  _results?: unknown
  _canceledDueToError?: unknown
}

/** Gates `Client.query` and the opening of connections: `module.exports` of pg/lib/client.js. */
export function gateClient(Client: { readonly prototype: object }): void {
  replace(
    Client.prototype,
    'query',
    original =>
      function query(config, values) {
        if (!recorder.enabled) return original.apply(this, arguments as unknown as unknown[])
        const handed = handedOver()
        const span = begin(this as PgClient, config as QueryConfig | string | null, values, handed)
        // Of the pool's own callback that which the app gave to the pool is bound there.
        const within = handed === undefined && currentComputation() !== undefined
        const args = within ? [...arguments].map(withinCaller) : arguments
        if (span === undefined) stages.pg?.unseen(this as PgClient)
        const stage = span === undefined ? undefined : stages.pg
        const call = stage?.entering(this as PgClient, config, values, span?.caller, handed?.ticket)
        if (stages.early !== undefined && stages.early.length < MAX_EARLY) {
          stages.early.push([this as PgClient, config, values])
        }
        if (span === undefined) return original.apply(this, arguments as unknown as unknown[])
        let result: unknown
        forgetSent()
        try {
          result = original.apply(this, args as unknown as unknown[])
        } catch (error) {
          fail(span, error)
          stage?.entered(call, undefined)
          throw error
        }
        const query = follow(this as PgClient, config as QueryConfig | string, span)
        stage?.entered(call, query)
        return result
      },
  )
  replace(
    Client.prototype,
    '_connect',
    original =>
      function _connect(callback) {
        if (!recorder.enabled || typeof callback !== 'function')
          return original.call(this, callback)
        stages.pg?.connecting(this as PgClient)
        // What comes of a connection later (notices, notifications) is of no request.
        const open = (around: Around, done: Callback) =>
          around(apply, original, this, [connecting(this as PgClient, done)])
        const { lender } = sharing
        if (lender === undefined) return open(outside, callback as Callback)
        return connectShared(lender, this as PgClient, callback as Callback, original, open)
      },
  )
  replace(
    Client.prototype,
    'end',
    original =>
      function end(callback) {
        const { lender } = sharing
        const ended =
          lender === undefined
            ? undefined
            : contained('gate.pg-share', () => lender.end(this as never, callback as never))
        return ended === undefined
          ? original.apply(this, arguments as unknown as unknown[])
          : ended.value
      },
  )
}

/** Runs a function outside of the request that runs now. */
type Around = (
  fn: typeof apply,
  original: Method,
  self: unknown,
  args: readonly unknown[],
) => unknown

const outside: Around = (...args) => context.run(undefined, ...args)

/** Connects a client that an app opens within a request: perhaps to a connection that is there. */
function connectShared(
  lender: Lender,
  client: PgClient,
  callback: Callback,
  original: Method,
  open: (around: Around, done: Callback) => unknown,
): unknown {
  const start = contained('gate.pg-share', () =>
    lender.connect(client as never, callback, {
      open: done => void open(inRoot, done),
      attach: done => void original.call(client, done),
    }),
  )
  return start === undefined ? open(outside, callback) : start()
}

/** Gates the ends of pg's own queries: `module.exports` of pg/lib/query.js. */
export function gateQuery(Query: { readonly prototype: object }): void {
  replace(
    Query.prototype,
    'handleReadyForQuery',
    original =>
      function handleReadyForQuery(connection) {
        const span = (this as Watched)[SPAN]
        stages.pg?.ended(this as object, Boolean((this as Watched)._canceledDueToError))
        if (span === undefined) {
          forgetRead(connection as PgConnection)
          return original.call(this, connection)
        }
        // A row that could not be parsed: the original goes on to handleError.
        if (!(this as Watched)._canceledDueToError) {
          succeed(span, (this as Watched)._results, connection as PgConnection)
          if (plans.looked) lookAtPlan(span, (this as Watched).text)
        }
        if (!span.awaited) return inCaller(span, original, this, connection)
        // The pool's own code gives the connection back, and hands it to who waits.
        const before = setInstant(span.endMs)
        try {
          return original.call(this, connection)
        } finally {
          setInstant(before)
        }
      },
  )
  replace(
    Query.prototype,
    'handleError',
    original =>
      function handleError(error, connection) {
        const span = (this as Watched)[SPAN]
        stages.pg?.ended(this as object, true)
        forgetRead(connection as PgConnection)
        if (span === undefined) return original.call(this, error, connection)
        fail(span, (this as Watched)._canceledDueToError || error)
        return inCaller(span, original, this, error, connection)
      },
  )
  Object.defineProperty(Query.prototype, FOLLOWED, { value: true })
  // One that is sent at once has no span yet.
  stageQueries(Query.prototype, query => {
    const span = (query as Watched)[SPAN]
    if (span?.inLine === true) contained('gate.pg', () => span.sent())
  })
}

/** Tells the span of a query how it was answered. */
export function markStatement(query: object, attributes: Attributes): void {
  ;(query as Watched)[SPAN]?.add(attributes)
}

/** On prototypes whose ends are gated. */
const FOLLOWED = Symbol('hotpath.followed')

/** What a query that is not pg's own (a cursor, a stream, a COPY) is told. */
const NOTICES = [
  'handleDataRow',
  'handlePortalSuspended',
  'handleCommandComplete',
  'handleEmptyQuery',
  'handleReadyForQuery',
  'handleError',
] as const

/** The span of a statement; undefined: it is none. */
export function begin(
  client: PgClient,
  config: QueryConfig | string | null | undefined,
  values: unknown,
  handed: HandedOver | undefined,
): StatementSpan | undefined {
  if (config === null || config === undefined) return undefined
  try {
    const text = typeof config === 'string' ? config : textOf(client, config)
    const given = Array.isArray(values)
      ? values
      : typeof config === 'string'
        ? undefined
        : valuesOf(config)
    const span = openStatement(templateOf(text), databaseOf(client), given, handed)
    if (given !== undefined) noteGiven(span.trace, given)
    return span
  } catch {
    caught('gate.pg')
    return undefined
  }
}

/** Finds the query that the original has just made or been given, and sees to it that its end is seen. */
function follow(
  client: PgClient,
  config: QueryConfig | string,
  span: StatementSpan,
): object | undefined {
  try {
    if (typeof config !== 'string' && typeof config.submit === 'function') {
      followSubmittable(config, span)
      return undefined
    }
    const query = (lastSent() ?? lastQueued(client)) as Watched | undefined
    const text = typeof config === 'string' ? config : config.text
    // Not there: the client is closed, and has refused it.
    if (query === undefined || query.text !== text || query[SPAN] !== undefined) {
      span.fail(undefined)
      return undefined
    }
    query[SPAN] = span
    const ahead = active(client) as Watched | undefined
    span.inLine = ahead !== query
    span.behindOthers = ahead?.[SPAN] !== undefined && ahead[SPAN].trace !== span.trace
    return query
  } catch {
    caught('gate.pg')
    return undefined
  }
}

/** An object may be handed in again: it is followed once, and each time has a span of its own. */
function followSubmittable(query: Watched, first: StatementSpan): void {
  Object.defineProperty(query, SPAN, { value: first, configurable: true, writable: true })
  if (FOLLOWED in query) return
  Object.defineProperty(query, FOLLOWED, { value: true })
  for (const name of NOTICES) {
    const original = Reflect.get(query, name) as Callback | undefined
    if (typeof original !== 'function') continue
    Object.defineProperty(query, name, {
      configurable: true,
      writable: true,
      enumerable: false,
      value(this: unknown, ...args: unknown[]) {
        const span = (this as Watched)[SPAN] ?? first
        // What it brought, row by row, is not the next statement's.
        if (name === 'handleReadyForQuery') {
          forgetRead(args[0] as PgConnection)
          succeed(span, undefined, undefined)
        } else if (name === 'handleError') {
          forgetRead(args[1] as PgConnection)
          fail(span, args[0])
        }
        return inCaller(span, original, this, ...args)
      },
    })
  }
}

/** @param results What the query has kept; undefined: not known. */
function succeed(
  span: StatementSpan,
  results: unknown,
  connection: PgConnection | undefined,
): void {
  try {
    if (connection !== undefined) noteReturned(span, results, connection)
    span.succeed(results === undefined ? -1 : rowsOf(results))
  } catch {
    caught('gate.pg')
  }
}

function fail(span: StatementSpan, error: unknown): void {
  try {
    span.fail(error)
  } catch {
    caught('gate.pg')
  }
}

/** Runs what ends a query in the async context of who made it, not in that of the socket. */
function inCaller(span: StatementSpan, fn: Callback, self: unknown, ...args: unknown[]): unknown {
  if (span.awaited || context.getStore() === span.caller) return fn.apply(self, args)
  return context.run(span.caller, apply, fn, self, args)
}

function apply(fn: Callback, self: unknown, args: readonly unknown[]): unknown {
  return fn.apply(self, args as unknown[])
}

/** The span of a new connection; the callback runs in the context of who asked for it. */
function connecting(client: PgClient, callback: Callback): Callback {
  const caller = context.getStore()
  let span: OpenSpan | undefined
  try {
    span = recorder.startSpan('client', 'connect', {
      'hotpath.connect': true,
      'db.system.name': 'postgresql',
      ...databaseOf(client).attributes(),
    })
  } catch {
    caught('gate.pg')
  }
  return function (this: unknown, ...args) {
    contained('gate.pg', () => span?.end(args[0] ? 'error' : 'unset'))
    return context.run(caller, apply, callback, this, args)
  }
}

function textOf(client: PgClient, config: QueryConfig): string {
  const text = config.text ?? config.cursor?.text
  if (typeof text === 'string') return text
  // A prepared statement may be called by its name alone.
  const prepared = client.connection?.parsedStatements?.[String(config.name)]
  return typeof prepared === 'string' ? prepared : ''
}

function valuesOf(config: QueryConfig): readonly unknown[] | undefined {
  const values = config.values ?? config.cursor?.values
  return Array.isArray(values) ? values : undefined
}

/** Rows that came back; of several statements in one text, all of theirs. */
function rowsOf(results: unknown): number {
  if (Array.isArray(results)) return results.reduce((sum: number, one) => sum + rowsOf(one), 0)
  const { command, rowCount, rows } = (results ?? {}) as PgResult
  // With a listener for rows they are not kept: the server's count of a SELECT is the same.
  if (command === 'SELECT' && typeof rowCount === 'number') return rowCount
  return Array.isArray(rows) ? rows.length : 0
}
