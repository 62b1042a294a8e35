import { unusedColumns } from '../answers/columns.js'
import { writtenBy } from '../answers/writes.js'
import { recorder } from '../trace/recorder.js'
import type { Attributes } from '../trace/attributes.js'
import type { ExponentialHistogram } from '../trace/histogram.js'
import { newSeries } from '../trace/series.js'
import { type ActiveTrace, OpenSpan } from '../trace/span.js'
import type { Template } from '../sql/template.js'
import { digestOf, NONE, paramsHash, UNKNOWN } from './params-hash.js'
import { caught } from '../trace/counts.js'
import { type PoolWait, waitedInLine, waitSpan } from './wait-span.js'

/** OpenTelemetry's `db.system.name`. */
export type System = 'postgresql' | 'mysql' | 'sqlite'

/** Where statements of one client go: one for each connection. */
export interface Database {
  readonly system: System
  /** It stands for all connections: which one a statement has is not known. */
  readonly isAny?: true
  attributes(): Attributes
}

/** What all statements of one template share. */
export class Statement {
  /** `SELECT users` */
  readonly name: string
  /** The tables that it writes. */
  readonly written: readonly string[]
  /** What the plan of its last slow call showed, where plans are asked for. */
  plan: Attributes | undefined = undefined
  private readonly ok: ExponentialHistogram
  private readonly failed = new Map<string, ExponentialHistogram>()

  constructor(
    readonly template: Template,
    readonly system: System,
  ) {
    const { operation, table } = template
    this.name = table === undefined ? operation || 'statement' : `${operation} ${table}`
    this.written = writtenBy(template)
    this.ok = this.series({})
  }

  record(seconds: number, errorType: string): void {
    if (errorType === '') this.ok.record(seconds)
    else this.failures(errorType).record(seconds)
  }

  private failures(code: string): ExponentialHistogram {
    const errorType = this.failed.size < MAX_FAILURES || this.failed.has(code) ? code : 'error'
    let histogram = this.failed.get(errorType)
    if (histogram === undefined) {
      histogram = this.series({ 'error.type': errorType })
      this.failed.set(errorType, histogram)
    }
    return histogram
  }

  private series(more: Attributes): ExponentialHistogram {
    return newSeries('db.client.operation.duration', {
      'db.system.name': this.system,
      'db.query.text': this.template.text,
      'db.operation.name': this.template.operation,
      ...more,
    })
  }
}

/** Codes of failure that one template has series for; functions may raise any of 60 million. */
const MAX_FAILURES = 20

/** Templates that have a `Statement` of their own; beyond the series' cap they only overflow. */
const MAX_STATEMENTS = 2000
const statements = {
  postgresql: new Map<string, Statement>(),
  mysql: new Map<string, Statement>(),
  sqlite: new Map<string, Statement>(),
}

/** Where a template keeps its `Statement`, of which each call asks twice; not enumerable: it is no part of the template. */
const STATEMENT = Symbol('hotpath.statement')
type Known = Template & { readonly [STATEMENT]?: Statement }

/** The `Statement` of a template: the same for the same text in the same database system. */
export function statementOf(template: Template, system: System): Statement {
  const known = (template as Known)[STATEMENT]
  if (known?.system === system) return known
  const ofSystem = statements[system]
  const met = ofSystem.get(template.text)
  const statement = met ?? new Statement(template, system)
  if (met === undefined) {
    if (ofSystem.size >= MAX_STATEMENTS) return statement
    ofSystem.set(template.text, statement)
  }
  Object.defineProperty(template, STATEMENT, { value: statement, configurable: true })
  return statement
}

/** One statement on its way to the database and back. */
export class StatementSpan extends OpenSpan {
  /** -1: not known. */
  rows = -1
  /** Columns of its result; -1: not known. */
  columns = -1
  /** What the database sent for it; -1: not known. */
  bytes = -1
  /** Nothing of the app's runs when it ends: no context needs to be restored. */
  awaited = false
  /** Its connection has others to run before it. */
  inLine = false
  /** Of another request is what the connection does when this one comes: it waits for that in the client's line. */
  behindOthers = false
  /** For a connection, before it; a span comes of it only in a trace that is kept. */
  wait: PoolWait | undefined = undefined
  /** Of the parameters; they themselves are not kept. */
  private params = NONE
  private errorType = ''
  private statusCode = ''

  constructor(
    trace: ActiveTrace,
    parent: OpenSpan | undefined,
    /** What the async context held when the app made the call; its callbacks run in it. */
    readonly caller: OpenSpan | undefined,
    public statement: Statement,
    public database: Database,
    values: readonly unknown[] | undefined,
    /** Digest of the literals in the statement's text. */
    private data: number,
    startMs: number,
  ) {
    super(trace, parent, 'client', statement.name, undefined, startMs)
    if (values !== undefined) this.params = digested(values)
  }

  /**
   * Its turn has come on a connection that had others to run before it. What it takes begins now: the line was
   * the time of those. Where they were the request's own their spans show it, else a span says that it waited.
   */
  sent(): void {
    const now = recorder.now()
    if (this.behindOthers) waitedInLine(this.parent, this.startMs, now)
    this.startMs = now
  }

  /** What it is, where that is known only once it was sent. */
  is(statement: Statement, data: number, values: readonly unknown[] | undefined): void {
    this.statement = statement
    this.name = statement.name
    this.data = data
    if (values !== undefined) this.params = digested(values)
  }

  succeed(rows: number): void {
    if (this.endMs >= 0) return
    this.rows = rows
    this.end()
    this.count()
  }

  fail(error: unknown): void {
    if (this.endMs >= 0) return
    const code = codeOf(error)
    this.statusCode = statusCodeOf(error, code)
    this.errorType = code === '' ? 'error' : code
    this.end('error')
    this.count()
  }

  override siteKey(): string {
    return this.statement.template.text
  }

  override before(): OpenSpan | undefined {
    const { wait, parent } = this
    return wait === undefined || parent === undefined ? undefined : waitSpan(wait, parent)
  }

  override connection(): object | undefined {
    return this.database.isAny === true ? undefined : this.database
  }

  override describe(): Attributes {
    const { template } = this.statement
    const attributes: Attributes = {
      'db.system.name': this.database.system,
      'db.query.text': template.text,
      'db.operation.name': template.operation,
      ...this.database.attributes(),
      ...this.attributes,
      ...this.statement.plan,
    }
    if (this.rows >= 0) attributes['db.response.returned_rows'] = this.rows
    if (this.statusCode !== '') attributes['db.response.status_code'] = this.statusCode
    if (this.errorType !== '') attributes['error.type'] = this.errorType
    this.describeRows(attributes)
    const hash = paramsHash(this.params, this.data)
    if (hash !== undefined) attributes['hotpath.params.hash'] = hash
    return attributes
  }

  /** What came back: of the columns those that never reached an answer of the route. */
  private describeRows(attributes: Attributes): void {
    if (this.columns >= 0) attributes['hotpath.returned.columns'] = this.columns
    if (this.bytes >= 0) attributes['hotpath.returned.bytes'] = this.bytes
    const { root } = this.trace
    const unused = root && unusedColumns(root.stats(), this.statement.template)
    if (unused === undefined) return
    attributes['hotpath.columns.unused'] = unused.names.slice(0, MAX_NAMES)
    attributes['hotpath.columns.unused_bytes'] = unused.bytes
  }

  private count(): void {
    this.statement.record((this.endMs - this.startMs) / 1000, this.errorType)
  }
}

/** Of unused columns so many are named. */
const MAX_NAMES = 50

function digested(values: readonly unknown[]): number {
  try {
    return digestOf(values)
  } catch {
    caught('gate.params')
    return UNKNOWN
  }
}

/** SQLSTATE: five digits or capitals, https://www.postgresql.org/docs/current/errcodes-appendix.html. */
function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code)
}

const NETWORK = new Set(
  'ABORT_ERR EAI_AGAIN ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH ENETUNREACH ENOENT ENOTFOUND EPIPE ETIMEDOUT'.split(
    ' ',
  ),
)

/** What drivers call their own failures: MySQL's, node:sqlite's, and those of postgres.js's connections. */
const CLASS =
  /^(?:ER|PROTOCOL|POOL|HANDSHAKE|ERR_SQLITE|CONNECTION|CONNECT|MAX|NOT|UNSAFE|UNDEFINED|SASL)_[A-Z0-9_]{1,60}$/

/** `23505`, `ER_DUP_ENTRY` or `ECONNRESET`; never the message, which quotes values. */
export function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  if (typeof code !== 'string') return ''
  return isSqlState(code) || NETWORK.has(code) || CLASS.test(code) ? code : ''
}

/** By OpenTelemetry's conventions: PostgreSQL's SQLSTATE, the number of an error of MySQL or of SQLite. */
function statusCodeOf(error: unknown, code: string): string {
  if (isSqlState(code)) return code
  if (typeof error !== 'object' || error === null) return ''
  const { errno, errcode } = error as { errno?: unknown; errcode?: unknown }
  if (code.startsWith('ER_') && typeof errno === 'number') return String(errno)
  return code.startsWith('ERR_SQLITE') && typeof errcode === 'number' ? String(errcode) : ''
}
