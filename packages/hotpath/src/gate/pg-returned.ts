import { KeptRows, wantsRows } from '../answers/columns.js'
import { noteWrite } from '../answers/writes.js'
import { caught } from '../trace/counts.js'
import type { ActiveTrace, RowKeeper } from '../trace/span.js'
import type { PgConnection, PgResult } from './pg-types.js'
import type { StatementSpan } from './statement-span.js'

/** Bytes that a connection had brought when its last statement ended. */
const READ = Symbol('hotpath.read')
type Watched = PgConnection & { [READ]?: number | undefined }

/**
 * What came back for a statement that ends well: its columns, and its bytes. These are what the connection
 * brought since the statement before, about 0.1 us; a connection's first has none, since the greeting is in it.
 */
export function noteReturned(span: StatementSpan, results: unknown, connection: Watched): void {
  try {
    const read = connection.stream?.bytesRead
    if (typeof read === 'number') {
      const before = connection[READ]
      if (before !== undefined) span.bytes = read - before
      connection[READ] = read
    }
    const { fields } = (results ?? {}) as PgResult
    if (Array.isArray(fields)) span.columns = fields.length
    const { template, written } = span.statement
    noteWrite(template.operation, written, connection)
    if (span.columns > 0) keeperOf(span.trace)?.add(template, results)
  } catch {
    caught('gate.pg-returned')
  }
}

/** What the connection has brought is of a statement that has no figure: nor has the one after it. */
export function forgetRead(connection: Watched | undefined): void {
  if (connection?.[READ] !== undefined) connection[READ] = undefined
}

/** A column that becomes a parameter was used. */
export function noteGiven(trace: ActiveTrace, values: readonly unknown[]): void {
  try {
    trace.rows?.given(values)
  } catch {
    caught('gate.pg-returned')
  }
}

/** Decided once the route is known: before that, what a middleware asks belongs to no answer. */
function keeperOf(trace: ActiveTrace): RowKeeper | null | undefined {
  if (trace.rows === undefined && typeof trace.route === 'string' && !trace.ended)
    trace.rows = wantsRows(trace.route) ? new KeptRows() : null
  return trace.rows
}
