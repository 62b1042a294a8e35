import type { OpenSpan } from '../trace/span.js'

/**
 * What takes part in the way of a statement of pg, besides tracing: the gate calls it, when the config
 * asks for it. Every method is contained: it never throws, and may always let the statement go as it is.
 */
export interface PgStage {
  /**
   * `Pool.query` was called. With a box in it: what the call returns. Else the pool does what it always
   * does, and the ticket comes back with the connection. One by one, as an object of them all would be
   * made for each statement.
   *
   * @param caller What the async context held.
   */
  poolQuery(
    pool: object,
    config: unknown,
    values: unknown,
    callback: unknown,
    caller: OpenSpan | undefined,
    proceed: Proceed,
  ): Ticket | undefined
  /** A connection is about to be opened, under the parameters that its client has now. */
  connecting(client: object): void
  /** The pool is done with this call: where it got no connection, nothing will come of it. */
  poolDone(ticket: unknown): void
  /** `Client.query` is about to run; what this returns is handed to `entered` afterwards. */
  entering(
    client: object,
    config: unknown,
    values: unknown,
    caller: OpenSpan | undefined,
    ticket: unknown,
  ): unknown
  /** `Client.query` is about to run, and an exception of ours hides what it does. */
  unseen(client: object): void
  /** The query object that the call has made; undefined: none. */
  entered(call: unknown, query: object | undefined): void
  /** A statement that came before this stage was there. */
  missed(client: object, config: unknown, values: unknown): void
  /** It is the query's turn to be sent. True: it is taken care of. */
  submit(query: object, connection: object): boolean
  /** A row of the answer came, as on the wire. */
  row(query: object, fields: readonly unknown[]): void
  /** The query was answered, or failed. */
  ended(query: object, failed: boolean): void
}

/** What `Pool.query` was called with, in the places where pg-pool has them. */
export interface Asked {
  readonly config: unknown
  readonly values: unknown
  readonly callback: unknown
}

/** Runs the pool's own `query` for a call, later. */
export type Proceed = (pool: object, asked: Asked, ticket: unknown) => unknown

export interface Ticket {
  /** Present where the call is taken care of. */
  readonly boxed?: Boxed
}

/** The return value of a call, which may be undefined itself. */
export interface Boxed {
  readonly value: unknown
}
