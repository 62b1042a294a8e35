/**
 * A bounded map from text to what was computed from it, for things that are asked for again and again.
 *
 * Two generations instead of a list in order of use: a hit in the young one is a single `Map.get`
 * (30 ns), where an LRU deletes and inserts again (110 ns). When the young one is full it becomes the
 * old one, and the old one is let go; what is still in use moves over when it is met again.
 *
 * @example
 * const memo = new Memo<string>({ entries: 2_000, bytes: 4_000_000 })
 * memo.get('select 1') ?? memo.set('select 1', 'select ?', 32)
 */
export class Memo<V> {
  /** Each generation holds at most half of what is allowed in all. */
  readonly #entries: number
  readonly #bytes: number
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  #youngBytes = 0

  constructor(limit: { readonly entries: number; readonly bytes: number }) {
    this.#entries = Math.max(1, limit.entries >> 1)
    this.#bytes = limit.bytes / 2
  }

  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#promoted(key)
  }

  /** Keeps `value`, unless it alone would fill the memo, and returns it. `bytes` is an estimate for key and value. */
  set(key: string, value: V, bytes: number): V {
    if (bytes > this.#bytes / 8) return value
    if (this.#young.size >= this.#entries || this.#youngBytes + bytes > this.#bytes) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(key, value)
    this.#youngBytes += bytes
    return value
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  /** Entries held now, at most twice what one generation may hold. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  #promoted(key: string): V | undefined {
    const value = this.#old.get(key)
    if (value === undefined) return undefined
    this.#old.delete(key)
    return this.set(key, value, key.length * 4)
  }
}
