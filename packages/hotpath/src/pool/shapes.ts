/** What we need of pg-pool 3, mysql2 3 and their clients, structurally: the app brings its own copies. */

/** Where a client connects to. */
export interface DatabaseNames {
  readonly host?: unknown
  readonly port?: unknown
  readonly database?: unknown
}

export interface PooledClient {
  /** Of pg. */
  readonly connectionParameters?: DatabaseNames
  /** Of mysql2. */
  readonly config?: DatabaseNames
  end?: (callback?: () => void) => unknown
}

export interface WaitingItem {
  callback?: unknown
  /** Its caller was told that it waited too long; a connection that comes still is set free. */
  timedOut?: boolean
}

export interface PgPoolShape {
  readonly options?: {
    readonly max?: unknown
    readonly connectionTimeoutMillis?: unknown
    maxLifetimeSeconds?: unknown
  }
  _clients?: PooledClient[]
  readonly _idle?: readonly { readonly client: PooledClient }[]
  readonly _pendingQueue?: readonly WaitingItem[]
  readonly _expired?: WeakSet<object>
  readonly ending?: unknown
  readonly Promise?: PromiseConstructor
  _pulseQueue?: () => void
  _remove?: (client: PooledClient, callback?: () => void) => void
}
