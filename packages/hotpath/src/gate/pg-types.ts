/** What we need of pg 8 and pg-pool 3, structurally: the app brings its own copies. */

import type { PgPoolShape, WaitingItem } from '../pool/shapes.js'

export type Method = (this: unknown, ...args: unknown[]) => unknown
export type Callback = (this: unknown, ...args: unknown[]) => unknown

/** A query under way in a client: pg's own, a cursor, a stream. */
export interface Submittable {
  text?: unknown
  values?: unknown
  cursor?: { text?: unknown; values?: unknown }
}

/** `client.query`'s first argument, when it is an object. */
export interface QueryConfig extends Submittable {
  name?: unknown
  submit?: unknown
}

export interface PgClient {
  query?: (
    config: {
      readonly text: string
      readonly rowMode: 'array'
      readonly values?: readonly unknown[]
    },
    callback: (error: unknown, result?: { readonly rows?: readonly unknown[][] }) => void,
  ) => unknown
  connect?: (callback: (error: unknown) => void) => unknown
  end?: (callback?: () => void) => unknown
  on?: (event: 'error', listener: () => void) => unknown
  unref?: () => void
  readonly connectionParameters?: {
    host?: unknown
    port?: unknown
    database?: unknown
    user?: unknown
    options?: unknown
  }
  /** Once it is connected: what a function of the app's gave. */
  readonly password?: unknown
  readonly ssl?: unknown
  readonly connection?: { readonly parsedStatements?: Readonly<Record<string, unknown>> }
  /** Before 8.17 without the underscore; the old names are getters now that warn. */
  readonly _queryQueue?: readonly Submittable[]
  readonly _sentQueryQueue?: readonly Submittable[]
  readonly _activeQuery?: Submittable | null
  readonly queryQueue?: readonly Submittable[]
  readonly activeQuery?: Submittable | null
}

/** A client's connection to the server, as the ends of queries are given it. */
export interface PgConnection {
  readonly stream?: { readonly bytesRead?: unknown }
}

export interface PgResult {
  readonly command?: unknown
  readonly rowCount?: unknown
  readonly rows?: unknown
  readonly fields?: unknown
}

export type PendingItem = WaitingItem

export interface PgPool extends PgPoolShape {
  readonly Client?: new (options: unknown) => PgClient
  _clients?: PgClient[]
  listenerCount?: (event: string) => number
  readonly totalCount?: unknown
  readonly idleCount?: unknown
  readonly waitingCount?: unknown
  readonly ended?: unknown
  readonly options?: PgPoolShape['options'] & {
    readonly host?: unknown
    readonly port?: unknown
    readonly database?: unknown
  }
}
