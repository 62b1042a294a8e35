/** What happened to the calls of one name, since the start. Each call is one of the first eight. */
export interface CacheCounts {
  /** Answered from memory. */
  hits: number
  /** Answered from the store. */
  storeHits: number
  /** Answered with what is past its `ttl`, while it is computed anew. */
  staleHits: number
  /** Answered with what is past its `ttl`, because the source failed or is slow. */
  graceHits: number
  /** Waited for the computation of another caller in this process. */
  joins: number
  /** Waited for that of another process. */
  waits: number
  /** Found nothing, and computed. */
  misses: number
  /** Computed as if there were no cache: in strict mode the store was away. */
  bypassed: number

  /** Computations that ended well, refreshes in the background among them. */
  fills: number
  /** Computations that failed. */
  failures: number
  /** Callers who were told HOTPATH_CACHE_TIMEOUT. */
  timeouts: number
  /** Results that were not kept, since something that they were made of changed meanwhile. */
  raced: number
  /** Results that must not be kept: what was read says so. */
  forbidden: number
  /** Results that cannot be kept: what is in them cannot be copied or serialised, or is too large. */
  unkept: number
  /** Results that were kept in memory alone: what they read was not known before. */
  unshared: number
  /** Results of which neither a statement nor a tag is known: they live by their `ttl` alone. */
  unseen: number
}

const ZERO: CacheCounts = {
  hits: 0,
  storeHits: 0,
  staleHits: 0,
  graceHits: 0,
  joins: 0,
  waits: 0,
  misses: 0,
  bypassed: 0,
  fills: 0,
  failures: 0,
  timeouts: 0,
  raced: 0,
  forbidden: 0,
  unkept: 0,
  unshared: 0,
  unseen: 0,
}

/** Names that are told apart; calls under further ones are counted together. */
const MOST_NAMES = 1000
const OTHERS = 'others'

/** Counters by the name of what is cached. */
export class CacheStats {
  readonly #names = new Map<string, CacheCounts>()

  of(name: string): CacheCounts {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    if (this.#names.size >= MOST_NAMES && name !== OTHERS) return this.of(OTHERS)
    const made = { ...ZERO }
    this.#names.set(name, made)
    return made
  }

  /** A copy, by name. */
  all(): Record<string, CacheCounts> {
    return Object.fromEntries([...this.#names].map(([name, counts]) => [name, { ...counts }]))
  }
}
