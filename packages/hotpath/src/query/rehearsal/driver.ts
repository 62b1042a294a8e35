import { EventEmitter, once } from 'node:events'
import type { OpenSpan } from '../../trace/span.js'
import type { Field, PgQuery, RawRow } from '../pg/answer.js'
import type { Client } from '../pg/client.js'
import type { Exchange, Wiring } from '../pg/exchange.js'
import type { PgStage } from '../seam.js'

/** The app may replace the global timers; ours must be real. */
const { setTimeout } = globalThis

/** What a database that is made up answers to one statement. */
export interface Told {
  readonly oids: readonly number[]
  readonly fields: readonly Field[]
  readonly rows: readonly RawRow[]
}

/** Values are undefined where a statement is described alone. */
export type Database = (text: string, values: readonly unknown[] | undefined) => Told

/** As pg's class of columns, as far as it is copied. */
export class Column implements Field {
  constructor(
    readonly name: string,
    readonly tableID: number,
    readonly columnID: number,
    readonly dataTypeID: number,
    readonly dataTypeSize = 4,
    readonly dataTypeModifier = -1,
    readonly format = 'text',
  ) {}
}

type Callback = (error: unknown, result?: unknown) => void

/** As pg's query: gathers what comes, and tells its stage. */
class MadeUpQuery implements PgQuery {
  readonly _result = {
    rows: [] as RawRow[],
    fields: [] as readonly Field[],
    command: '',
    rowCount: 0,
  }
  stage: PgStage | undefined = undefined

  constructor(
    readonly text: string,
    readonly values: readonly unknown[],
    private readonly done: Callback,
  ) {}

  submit(connection: MadeUpConnection): void {
    if (this.stage?.submit(this, connection) === true) return
    connection.parse({ text: this.text })
    connection.bind(this)
    connection.describe({ type: 'P' })
    connection.sync()
  }

  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    this._result.fields = fields
  }

  handleDataRow({ fields }: { fields: RawRow }): void {
    this.stage?.row(this, fields)
    this._result.rows.push(fields)
  }

  handleCommandComplete(): void {
    this._result.command = 'SELECT'
    this._result.rowCount = this._result.rows.length
  }

  handleReadyForQuery(): void {
    this.stage?.ended(this, false)
    this.done(undefined, this._result)
  }

  handleError(error: unknown): void {
    this.stage?.ended(this, true)
    this.done(error)
  }
}

interface Sent {
  readonly text: string
  values: readonly unknown[] | undefined
  described: '' | 'S' | 'P'
}

/** As pg's connection: what was sent up to a Sync is answered by a function. */
class MadeUpConnection extends EventEmitter {
  readonly stream = {}
  private sent: Sent[] = []

  constructor(
    private readonly database: Database,
    private readonly active: () => PgQuery | Exchange,
  ) {
    super()
  }

  parse({ text }: { text: string }): void {
    this.sent.push({ text, values: undefined, described: '' })
  }

  bind({ values = [] }: { values?: readonly unknown[] }): void {
    ;(this.sent.at(-1) as Sent).values = values
  }

  describe({ type }: { type: 'S' | 'P' }): void {
    ;(this.sent.at(-1) as Sent).described = type
  }

  execute(): void {}

  sync(): void {
    const { sent } = this
    this.sent = []
    // A timer, as an immediate that does not keep the process alive waits for something else to happen.
    setTimeout(() => {
      for (const { text, values, described } of sent) {
        const { oids, fields, rows } = this.database(text, values)
        if (described === 'S') this.emit('parameterDescription', { dataTypeIDs: oids })
        if (described !== '') this.active().handleRowDescription({ fields })
        if (values === undefined) continue
        for (const row of rows) this.active().handleDataRow({ fields: row })
        this.active().handleCommandComplete({ text: `SELECT ${rows.length}` }, this)
      }
      this.emit('readyForQuery', { status: 'I' })
    }, 1).unref()
  }
}

/** As pg's client and the pool of one that it is in: as much of them as a stage touches. */
export class MadeUpPool implements Client {
  readonly _clients = [this]
  readonly Promise = Promise
  readonly connectionParameters = { host: 'rehearsal' }
  readonly _txStatus = 'I'
  readonly _queryQueue: (PgQuery | Exchange)[] = []
  _activeQuery: PgQuery | Exchange | null = null
  readonly connection: Wiring & object
  private readonly wire: MadeUpConnection

  constructor(
    private readonly stage: PgStage,
    database: Database,
  ) {
    const connection = new MadeUpConnection(database, () => this._activeQuery as PgQuery)
    this.wire = connection
    this.connection = connection as unknown as Wiring & object
    connection.on('readyForQuery', () => {
      const active = this._activeQuery
      this._activeQuery = null
      active?.handleReadyForQuery(connection)
      this._pulseQueryQueue()
    })
  }

  /** As pg's pool and client call the stage, one after another. */
  query(text: string, values: readonly unknown[], caller: OpenSpan): Promise<{ rows: RawRow[] }> {
    const { stage } = this
    return new Promise((resolve, reject) => {
      const done: Callback = (error, result) =>
        error ? reject(error as Error) : resolve(result as { rows: RawRow[] })
      const proceed = () => reject(new Error('nobody else asks'))
      const ticket = stage.poolQuery(this, text, values, undefined, caller, proceed)
      if (ticket?.boxed !== undefined) return resolve(ticket.boxed.value as { rows: RawRow[] })
      const query = new MadeUpQuery(text, values, done)
      query.stage = stage
      const call = stage.entering(this, text, values, caller, ticket)
      this._queryQueue.push(query)
      this._pulseQueryQueue()
      stage.entered(call, query)
      stage.poolDone(ticket)
    })
  }

  /** Comes true when nothing of it is under way. */
  async idle(): Promise<void> {
    while (this._activeQuery !== null) await once(this.wire, 'readyForQuery')
  }

  _pulseQueryQueue(): void {
    if (this._activeQuery !== null) return
    const next = this._queryQueue.shift()
    if (next === undefined) return
    this._activeQuery = next
    ;(next as Exchange).submit(this.connection)
  }
}
