/**
 * Where entries and the versions of tags are kept for several processes: Redis, Memcached. All values are
 * bytes; what they mean is the cache's business. A driver may throw: who calls it bounds the time and counts.
 * Each driver passes `hotpath/contract/cache-store` against the real server.
 */
export interface CacheStore {
  /** `redis`, `memcached`: for messages and counters. */
  readonly name: string

  /** The largest value that it takes; what is larger is not written. Undefined: no bound that matters. */
  readonly maxBytes?: number

  /** In one round trip: the bytes of each key, and the version of each tag; undefined for what is not there. */
  read(keys: readonly string[], tags: readonly string[]): Promise<StoreRead>

  /** Keeps bytes for `ttlMs`, a whole number of milliseconds from 1 up. */
  write(key: string, bytes: Uint8Array, ttlMs: number): Promise<void>

  remove(keys: readonly string[]): Promise<void>

  /**
   * Gives each tag a new version, a random id that never was one before. A tag that has none is given one
   * by `ensure`, so that a version that was lost with the store is a miss and never an old hit.
   */
  renew(tags: readonly string[]): Promise<void>

  /** The versions of these tags; those that have none get one, of two callers at once the first's. */
  ensure(tags: readonly string[]): Promise<readonly string[]>

  /**
   * True for one holder at a time, until `release` or for `ttlMs`: who computes what many want. False: another
   * has it. Who has it and asks again has it for `ttlMs` from then on.
   */
  lease(key: string, holder: string, ttlMs: number): Promise<boolean>

  /** Gives back a lease, if `holder` still has it. */
  release(key: string, holder: string): Promise<void>

  /**
   * Messages between processes, where the store can: `onMessage` is called for each that another or this one
   * sent, in the order in which its sender sent them. `onGap` is called once they are heard, and whenever
   * some may have been lost: the connection was cut, or is back. It comes back by itself, and does not keep
   * the process alive. Returns what ends it.
   */
  subscribe?(onMessage: (message: string) => void, onGap: () => void): () => Promise<void>
  publish?(message: string): Promise<void>
}

export interface StoreRead {
  readonly entries: readonly (Uint8Array | undefined)[]
  readonly versions: readonly (string | undefined)[]
}
