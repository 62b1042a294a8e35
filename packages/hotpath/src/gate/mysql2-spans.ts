import { mysql } from '../sql/mysql.js'
import { templateOf } from '../sql/template.js'
import type { Attributes } from '../trace/attributes.js'
import { context } from '../trace/context.js'
import { caught, contained } from '../trace/counts.js'
import { inContext } from '../trace/in-context.js'
import { onModule } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import type { OpenSpan } from '../trace/span.js'
import { openStatement } from './open-statement.js'
import type { Callback } from './pg-types.js'
import { handedOver } from './pg-site.js'
import { replace } from './replace.js'
import type { Database, StatementSpan } from './statement-span.js'

/** Where a command keeps its span until it ends. */
const SPAN = Symbol('hotpath.span')
/** Where a connection keeps how its first command is told, and where its statements go. */
const CONNECT = Symbol('hotpath.connect')
const DATABASE = Symbol('hotpath.database')

interface Packet {
  offset: number
  isError(): boolean
  asError(encoding: unknown): unknown
}

/** What we need of a command of mysql2: of a statement, of what prepares one, and of the first of a connection. */
export interface MysqlCommand {
  readonly sql?: unknown
  readonly statement?: { readonly query?: unknown }
  readonly values?: unknown
  readonly query?: unknown
  readonly options?: unknown
  readonly _executeOptions?: unknown
  readonly next?: unknown
  readonly _rows?: readonly unknown[]
  readonly _fields?: readonly unknown[]
  readonly _resultIndex?: unknown
  readonly once?: (event: string, listener: (error?: unknown) => void) => unknown
  onResult?: unknown
  [SPAN]?: Running | undefined
}

export interface MysqlConnection {
  readonly config?: {
    readonly host?: unknown
    readonly port?: unknown
    readonly database?: unknown
    readonly socketPath?: unknown
  }
  readonly clientEncoding?: unknown
  readonly stream?: {
    readonly bytesRead?: unknown
    readonly closed?: unknown
    once?(event: string, listener: () => void): unknown
  }
  readonly _command?: MysqlCommand | null
  readonly _commands?: { readonly length: number; toArray?(): MysqlCommand[] }
  [CONNECT]?: OpenSpan | undefined
  [DATABASE]?: MysqlDatabase
}

/** A statement on its way. */
interface Running {
  readonly span: StatementSpan
  readonly connection: MysqlConnection
  /** Bytes that the connection had brought when it was sent. */
  readAt: number
  /** Packets of its answer, where its rows are not kept. */
  packets: number
}

class MysqlDatabase implements Database {
  readonly system = 'mysql'

  constructor(private readonly connection: MysqlConnection) {}

  attributes(): Attributes {
    const { host, port, database, socketPath } = this.connection.config ?? {}
    const attributes: Attributes = {}
    if (typeof database === 'string' && database !== '') attributes['db.namespace'] = database
    // A Unix socket: its name, without the machine's folder.
    if (typeof socketPath === 'string')
      attributes['server.address'] = socketPath.slice(socketPath.lastIndexOf('/') + 1)
    else if (typeof host === 'string') attributes['server.address'] = host
    if (typeof socketPath !== 'string' && Number.isInteger(Number(port)))
      attributes['server.port'] = Number(port)
    return attributes
  }
}

/**
 * The statements of mysql2 3, each once: `addCommand` is where those of `query`, `execute`, prepared
 * statements, pools and streams come together. That a command is sent, and each packet of its answer, is told
 * by the gate of its `execute` (mysql2-statements.ts).
 */
export function gateMysql2Spans(): void {
  for (const file of ['/mysql2/lib/base/connection.js', '/mysql2/lib/connection.js'])
    onModule(file, exports => gateConnection(exports as never))
  for (const name of ['query', 'execute'])
    onModule(`/mysql2/lib/commands/${name}.js`, exports => gateEnd(exports as never))
}

/** Of the `query` that runs now: its text and values before mysql2 puts the ones into the other. */
let asked: { readonly text: string; readonly values: readonly unknown[] } | undefined
/** What the `execute` that runs now has prepared. */
let preparing: MysqlCommand | undefined
/** Who waits for the connection that is opened now. */
let opener: { readonly span: OpenSpan | undefined } | undefined

function gateConnection(Connection: { readonly prototype: object }): void {
  replace(
    Connection.prototype,
    'query',
    original =>
      function query(sql, values) {
        if (!recorder.enabled) return original.apply(this, arguments as unknown as unknown[])
        const outer = asked
        asked = contained('gate.mysql2', () => unformatted(sql, values))
        try {
          return original.apply(this, arguments as unknown as unknown[])
        } finally {
          asked = outer
        }
      },
  )
  replace(
    Connection.prototype,
    'addCommand',
    original =>
      function addCommand(command) {
        if (recorder.enabled) begin(this as MysqlConnection, command as MysqlCommand)
        return original.call(this, command)
      },
  )
  replace(
    Connection.prototype,
    'connect',
    original =>
      function connect(callback) {
        if (!recorder.enabled || typeof callback !== 'function')
          return original.apply(this, arguments as unknown as unknown[])
        const caller = opener === undefined ? context.getStore() : opener.span
        return original.call(this, function (this: unknown) {
          return inContext(caller, callback as Callback, this, arguments)
        })
      },
  )
  replace(
    Connection.prototype,
    '_notifyError',
    original =>
      function _notifyError(error) {
        contained('gate.mysql2', () => broken(this as MysqlConnection, error))
        return original.call(this, error)
      },
  )
  // `destroy` is this.
  replace(
    Connection.prototype,
    'close',
    original =>
      function close() {
        const result = original.apply(this, arguments as unknown as unknown[])
        contained('gate.mysql2', () => abandoned(this as MysqlConnection))
        return result
      },
  )
}

/** Its answer is complete: `done` of a query, which runs before the app hears of it. */
function gateEnd(Command: { readonly prototype: object }): void {
  replace(
    Command.prototype,
    'done',
    original =>
      function done(...args) {
        const running = (this as MysqlCommand)[SPAN]
        if (running !== undefined)
          contained('gate.mysql2', () => succeed(this as MysqlCommand, running))
        return original.apply(this, args)
      },
  )
  // The app is told that it has failed, though its answer may still come. A callback tells us.
  replace(
    Command.prototype,
    '_handleTimeoutError',
    original =>
      function _handleTimeoutError() {
        const listener = listenerOf(this as MysqlCommand)
        if (listener === undefined) return original.call(this)
        contained('gate.mysql2', () => listener.fail(TIMED_OUT))
        return inContext(listener.caller, original, this, [])
      },
  )
}

const TIMED_OUT = { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }

/**
 * A pool asks for a connection, and may open one: what comes of that later (its end, what the server says) is
 * of no request.
 */
export function openingFor<T>(span: OpenSpan | undefined, open: () => T): T {
  const outer = opener
  opener = { span }
  try {
    return context.run(undefined, open)
  } finally {
    opener = outer
  }
}

/** Before a command is given a packet, of which each row is one, or is sent (`packet` is undefined). */
export function goesOn(command: MysqlCommand, packet: unknown, connection: MysqlConnection): void {
  const running = command[SPAN]
  if (running === undefined) return
  try {
    if (packet === undefined) {
      if (!command.next) sent(running)
      return
    }
    running.packets++
    // Where there is a callback it gets the error.
    if (typeof command.onResult !== 'function' && (packet as Packet).isError())
      running.span.fail(errorOf(packet as Packet, connection))
  } catch {
    caught('gate.mysql2')
  }
}

function sent(running: Running): void {
  const read = running.connection.stream?.bytesRead
  if (typeof read === 'number') running.readAt = read
  if (running.span.inLine) running.span.sent()
}

/** The packet is read from where it stands: mysql2 reads it after us. */
function errorOf(packet: Packet, connection: MysqlConnection): unknown {
  const { offset } = packet
  try {
    return packet.asError(connection.clientEncoding)
  } finally {
    packet.offset = offset
  }
}

/** In whose async context its events are told; undefined: it has none, or a callback, which knows it. */
export function listenerOf(command: MysqlCommand): StatementSpan | undefined {
  const running = command[SPAN]
  return running === undefined || typeof command.onResult === 'function' ? undefined : running.span
}

function begin(connection: MysqlConnection, command: MysqlCommand): void {
  try {
    const text = asked?.text ?? command.sql ?? command.statement?.query
    if (typeof text === 'string') beginStatement(connection, command, text)
    else if (typeof command.query === 'string') prepare(command)
    else if (command.constructor.name === 'ClientHandshake') connecting(connection, command)
  } catch {
    caught('gate.mysql2')
  }
}

function beginStatement(connection: MysqlConnection, command: MysqlCommand, text: string): void {
  const values = asked === undefined ? command.values : asked.values
  const given = values === undefined ? undefined : Array.isArray(values) ? values : [values]
  const template = templateOf(text, mysql)
  connection[DATABASE] ??= new MysqlDatabase(connection)
  const span = openStatement(template, connection[DATABASE], given, handedOver())
  const running: Running = { span, connection, readAt: -1, packets: 0 }
  command[SPAN] = running
  const ahead = connection._command ?? undefined
  const prepares = preparing?.options === command._executeOptions ? preparing : undefined
  preparing = undefined
  if (prepares !== undefined) prepares[SPAN] = running
  if (ahead !== undefined && (ahead !== prepares || (connection._commands?.length ?? 0) > 0)) {
    span.inLine = true
    const other = ahead[SPAN]?.span
    span.behindOthers = other !== undefined && other.trace !== span.trace
  }
  if (typeof command.onResult === 'function') {
    const callback = command.onResult as Callback
    command.onResult = function (this: unknown, error: unknown) {
      contained('gate.mysql2', () => (error ? span.fail(error) : succeed(command, running)))
      return inContext(span.caller, callback, this, arguments)
    }
  }
}

/** No statement: but where it fails, that which it was for does. */
function prepare(command: MysqlCommand): void {
  preparing = command
  if (typeof command.onResult !== 'function') return
  const callback = command.onResult as Callback
  const caller = context.getStore()
  command.onResult = function (this: unknown, error: unknown) {
    const span = command[SPAN]?.span
    command[SPAN] = undefined
    if (error) contained('gate.mysql2', () => span?.fail(error))
    return inContext(span === undefined ? caller : span.caller, callback, this, arguments)
  }
}

function connecting(connection: MysqlConnection, command: MysqlCommand): void {
  connection[DATABASE] ??= new MysqlDatabase(connection)
  const attributes = {
    'hotpath.connect': true,
    'db.system.name': 'mysql',
    ...connection[DATABASE].attributes(),
  }
  const open = () => recorder.startSpan('client', 'connect', attributes)
  const span = opener === undefined ? open() : recorder.runIn(opener.span, open)
  connection[CONNECT] = span
  // Of the command, which the app does not see.
  const over = (failed: boolean) => {
    contained('gate.mysql2', () => span.end(failed ? 'error' : 'unset'))
    connection[CONNECT] = undefined
  }
  command.once?.('error', () => over(true))
  command.once?.('end', () => over(false))
}

/** The connection is lost: who waits without a callback, in line too, is not told by its command. */
function broken(connection: MysqlConnection, error: unknown): void {
  connection[CONNECT]?.end('error')
  for (const command of [connection._command, ...(connection._commands?.toArray?.() ?? [])])
    if (typeof command?.onResult !== 'function') command?.[SPAN]?.span.fail(error)
}

/**
 * The app lets go of the connection. mysql2 tells nobody what becomes of what was asked: what waits in line is
 * never sent; what was sent may still be answered, until the stream is closed.
 */
function abandoned(connection: MysqlConnection): void {
  const { stream, _commands } = connection
  for (const command of _commands?.toArray?.() ?? []) lose(command)
  const closed = () =>
    contained('gate.mysql2', () => {
      connection[CONNECT]?.end('error')
      lose(connection._command)
    })
  if (stream?.closed === true) closed()
  else stream?.once?.('close', closed)
}

function lose(command: MysqlCommand | null | undefined): void {
  if (command?.[SPAN] === undefined) return
  command[SPAN].span.fail(LOST)
  command[SPAN] = undefined
}

/** As mysql2 calls it where the server has closed it. */
const LOST = { code: 'PROTOCOL_CONNECTION_LOST' }

function succeed(command: MysqlCommand, running: Running): void {
  const { span } = running
  if (span.endMs >= 0) return
  const read = running.connection.stream?.bytesRead
  if (running.readAt >= 0 && typeof read === 'number') span.bytes = read - running.readAt
  const first = command._fields?.[0]
  if (Array.isArray(first)) span.columns = first.length
  span.succeed(rowsOf(command, running))
}

/** The answer of a SELECT is a head, its columns, an end of them, the rows, and an end. */
const FRAME = 3

function rowsOf(command: MysqlCommand, { packets }: Running): number {
  const { _rows: results = [], _fields: fields = [] } = command
  if (typeof command.onResult === 'function')
    return results.reduce((sum: number, one) => sum + (Array.isArray(one) ? one.length : 0), 0)
  const [first] = fields
  if (command._resultIndex !== 0) return -1
  return Array.isArray(first) ? packets - first.length - FRAME : 0
}

/** Undefined: what is sent is what was asked for. */
function unformatted(sql: unknown, values: unknown): typeof asked {
  const options = typeof sql === 'object' && sql !== null ? (sql as MysqlCommand) : undefined
  const text = options === undefined ? sql : options.sql
  const given = values === undefined || typeof values === 'function' ? options?.values : values
  // What stands for a name is none in the template: the text that is sent has it.
  if (typeof text !== 'string' || given === undefined || text.includes('??')) return undefined
  return { text, values: Array.isArray(given) ? given : [given] }
}
