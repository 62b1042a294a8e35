interface Entry<Value> {
  readonly value: Value
  readonly size: number
  /** The end of the stretch of time that it was read from. */
  readonly toNs: bigint
}

/**
 * What was read of stretches of time that lie in the past, by key. Bounded: what was asked for longest ago
 * goes first. It is what the store would answer, so who changes the past says so: `changed`.
 */
export class Kept<Value> {
  /** The one that was asked for longest ago first. */
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #most: number
  #size = 0
  #changes = 0

  /** Keeps values of `most` together, in the measure of `put`. */
  constructor(most: number) {
    this.#most = most
  }

  /** Sizes of all that is kept. */
  get size(): number {
    return this.#size
  }

  /** To be asked for before a value is read, for `put`. */
  get changes(): number {
    return this.#changes
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** Keeps it, unless the past has changed since `changes` was asked for: it may have been read before that. */
  put(key: string, entry: Entry<Value>, changes: number): void {
    this.#drop(key)
    if (changes !== this.#changes || entry.size > this.#most) return
    this.#entries.set(key, entry)
    this.#size += entry.size
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#most) break
      this.#drop(oldest)
    }
  }

  /** What the stretch of time [from, to) holds, read where it is not kept. `of` says of what. */
  async over(
    { from, to }: { readonly from: bigint; readonly to: bigint },
    of: readonly unknown[],
    read: () => Promise<{ readonly value: Value; readonly size: number }>,
  ): Promise<Value> {
    const key = JSON.stringify([String(from), String(to), ...of])
    const known = this.get(key)
    if (known !== undefined) return known
    const changes = this.#changes
    const found = await read()
    this.put(key, { ...found, toNs: to }, changes)
    return found.value
  }

  /** Something was written or dropped that lies at `ns` or after it. */
  changed(ns: bigint): void {
    this.#changes++
    for (const [key, { toNs }] of this.#entries) if (toNs > ns) this.#drop(key)
  }

  #drop(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0
    this.#entries.delete(key)
  }
}
