import type { Field, RawRow } from './answer.js'

/** One statement of an exchange. */
export interface Step {
  readonly text: string
  readonly values?: readonly (string | null)[]
  /** `statement`: what it takes and gives is asked, and it is not run. `result`: it is run, and its columns are told. */
  readonly describe?: 'statement' | 'result'
}

/** What came of one step. */
export interface StepResult {
  oids: readonly number[]
  fields: readonly Field[]
  readonly rows: RawRow[]
}

/** pg's connection: the messages that we send ourselves. */
export interface Wiring {
  parse(query: { text: string; name: string; types: readonly number[] }): void
  bind(config: object): void
  describe(message: { type: 'S' | 'P'; name: string }): void
  execute(config: object): void
  sync(): void
  readonly parsedStatements?: Readonly<Record<string, unknown>>
  readonly submittedNamedStatements?: Readonly<Record<string, unknown>>
  readonly stream: { cork?: () => void; uncork?: () => void }
  on(event: string, listener: (message: never) => void): unknown
  prependListener(event: string, listener: (message: never) => void): unknown
  removeListener(event: string, listener: (message: never) => void): unknown
  emit(event: string, message: unknown): boolean
}

/** Rows of one exchange; beyond them it is given up, for its memory. */
const MAX_ROWS = 200_000
const MAX_BYTES = 32 * 1024 * 1024

const EMPTY: readonly never[] = []

/**
 * Several statements in one round trip, up to one Sync: in one implicit transaction, or in the one
 * that is open. It takes the place of a query in pg's client for as long as that lasts.
 *
 * A failure makes the server skip what is left. pg's client forgets at once what it worked on then, and
 * takes the next of its queue when the server is ready again.
 */
export class Exchange {
  /** For those that look at what a client works on. */
  readonly text = ''
  readonly callback = (): void => {}
  readonly results: StepResult[]
  /** Of the server, or of the connection. */
  failure: unknown
  private at = 0
  private bytes = 0
  private count = 0
  private over = false
  private wiring: Wiring | undefined
  private readonly told = (message: { dataTypeIDs?: readonly number[] }): void => {
    this.current().oids = message.dataTypeIDs ?? EMPTY
  }
  private readonly gaveNothing = (): void => {
    if (this.steps[this.at]?.describe === 'statement') this.at++
  }

  /**
   * @param done All was answered, or the server refused something: then `failure` says what. What is
   *   put at the front of the client's queue now is what it does next.
   * @param lost The connection failed: nothing more will come.
   */
  constructor(
    private readonly steps: readonly Step[],
    private readonly done: (exchange: Exchange) => void,
    private readonly lost: (error: unknown) => void,
  ) {
    this.results = steps.map(() => ({ oids: EMPTY, fields: EMPTY, rows: [] }))
  }

  /** True when more came than is kept. */
  get tooMuch(): boolean {
    return this.bytes > MAX_BYTES || this.count > MAX_ROWS
  }

  submit(connection: Wiring): null {
    this.wiring = connection
    connection.on('parameterDescription', this.told)
    connection.on('noData', this.gaveNothing)
    connection.stream.cork?.()
    try {
      for (const { text, values = EMPTY, describe } of this.steps) {
        connection.parse({ text, name: '', types: EMPTY })
        if (describe === 'statement') {
          connection.describe({ type: 'S', name: '' })
          continue
        }
        connection.bind({ portal: '', statement: '', values, binary: false })
        if (describe === 'result') connection.describe({ type: 'P', name: '' })
        connection.execute({ portal: '', rows: 0 })
      }
      connection.sync()
    } finally {
      connection.stream.uncork?.()
    }
    return null
  }

  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    this.current().fields = fields
    if (this.steps[this.at]?.describe === 'statement') this.at++
  }

  handleDataRow({ fields }: { fields: RawRow }): void {
    this.count++
    for (const value of fields) this.bytes += 16 + (value === null ? 0 : value.length)
    if (!this.tooMuch) this.current().rows.push(fields)
  }

  handleCommandComplete(): void {
    this.at++
  }

  handleEmptyQuery(): void {
    this.at++
  }

  handlePortalSuspended(): void {}
  handleCopyInResponse(connection: { sendCopyFail(message: string): void }): void {
    connection.sendCopyFail('No source stream defined')
  }
  handleCopyData(): void {}

  /** From the server, or from the client, which lost its connection or gives up waiting. */
  handleError(error: unknown): void {
    this.failure ??= error
    this.end(() => (isFromServer(error) ? this.done(this) : this.lost(error)))
  }

  handleReadyForQuery(): void {
    this.end(() => this.done(this))
  }

  private end(tell: () => void): void {
    if (this.over) return
    this.over = true
    this.wiring?.removeListener('parameterDescription', this.told)
    this.wiring?.removeListener('noData', this.gaveNothing)
    tell()
  }

  private current(): StepResult {
    return this.results[Math.min(this.at, this.results.length - 1)] as StepResult
  }
}

/** PostgreSQL's own errors carry their severity. */
export function isFromServer(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { severity, code } = error as { severity?: unknown; code?: unknown }
  return typeof severity === 'string' && typeof code === 'string'
}

export const SAVEPOINT: readonly Step[] = [{ text: 'savepoint hotpath_batch' }]
/** Nothing was written in between: to roll back is to leave settings as they were. */
export const RELEASE: readonly Step[] = [
  { text: 'rollback to savepoint hotpath_batch' },
  { text: 'release savepoint hotpath_batch' },
]
