import type { Noted } from '../invalidation/noted.js'
import type { Defects } from '../defects.js'

/** A column as the driver describes it. */
export interface Field {
  readonly name: string
  readonly tableID: number
  readonly columnID: number
  readonly dataTypeID: number
  readonly dataTypeSize: number
  readonly dataTypeModifier: number
  readonly format: string
}

/** One row as it came: texts, or null. */
export type RawRow = readonly (string | Buffer | null)[]

/** What the database answered to one statement, as on the wire. */
export interface Answer {
  readonly fields: readonly Field[]
  readonly rows: readonly RawRow[]
  readonly bytes: number
  /** What it was read from; undefined: nobody asked. */
  readonly noted?: Noted | undefined
  /** What the driver needs to make rows of it: of the client that got it. */
  readonly client: object
  /** The driver's own class of queries. */
  readonly Query: QueryClass
}

/** pg's own query object, of which the driver's promise or callback hangs. */
export interface PgQuery {
  text?: unknown
  values?: unknown
  name?: unknown
  rows?: unknown
  binary?: unknown
  callback?: unknown
  _result?: {
    _types?: unknown
    rows?: unknown
    fields?: unknown
    command?: unknown
    rowCount?: unknown
  }
  handleRowDescription(message: { fields: readonly Field[] }): void
  handleDataRow(message: { fields: RawRow }): void
  handleCommandComplete(message: { text: string }, connection: object): void
  handleReadyForQuery(connection: object): void
  handleError(error: unknown, connection: object): void
}

export type QueryClass = new (config: unknown, values?: unknown, callback?: unknown) => PgQuery

export function bytesOfRow(row: RawRow): number {
  let bytes = 48
  for (const value of row) bytes += 16 + (value === null ? 0 : value.length)
  return bytes
}

/**
 * Answers `query` as the server would have: pg's own code makes rows, types and result of it, so what
 * the app gets is what the single call would have given, in objects of its own.
 */
export function feed(
  query: PgQuery,
  answer: Answer,
  connection: object,
  { sharedRows }: Defects = {},
): void {
  query.handleRowDescription({ fields: answer.fields.map(copied) })
  for (const row of answer.rows) query.handleDataRow({ fields: row })
  query.handleCommandComplete({ text: `SELECT ${answer.rows.length}` }, connection)
  if (sharedRows !== true || query._result === undefined) return
  const rows = shared.get(answer) ?? query._result.rows
  shared.set(answer, rows)
  query._result.rows = rows
}

/** The defect alone uses it. */
const shared = new WeakMap<Answer, unknown>()

type FieldClass = new (
  name: string,
  tableID: number,
  columnID: number,
  dataTypeID: number,
  dataTypeSize: number,
  dataTypeModifier: number,
  format: string,
) => Field

/** Of the driver's own class, and nobody else's to change. */
function copied(field: Field): Field {
  return new (field.constructor as FieldClass)(
    field.name,
    field.tableID,
    field.columnID,
    field.dataTypeID,
    field.dataTypeSize,
    field.dataTypeModifier,
    field.format,
  )
}

/** Whether two descriptions say the same of every column. */
export function sameFields(a: readonly Field[], b: readonly Field[]): boolean {
  return (
    a.length === b.length &&
    a.every((field, i) => {
      const other = b[i] as Field
      return (
        field.name === other.name &&
        field.tableID === other.tableID &&
        field.columnID === other.columnID &&
        field.dataTypeID === other.dataTypeID &&
        field.dataTypeModifier === other.dataTypeModifier &&
        field.format === other.format
      )
    })
  )
}
