import { LRUCache } from 'lru-cache'
import type { Entry } from './entry.js'

/** What the key and the bookkeeping of an entry take beside its value: an Entry, its lists, a slot of the cache. */
const OVERHEAD_BYTES = 250
/** A tag of an entry in a Map and two lists: 45 bytes were measured with 2,000 of them. */
const TAG_BYTES = 48
/** A version at the store: a slot of a Map, and a text of 36 letters. */
const ID_BYTES = 96

/**
 * Entries of this process, the least recently used go first. Bounded by their number and by their
 * estimated bytes; an entry that is over the bound alone is not kept.
 */
export class Memory {
  readonly #entries: LRUCache<string, Entry> | undefined

  constructor(maxEntries: number, maxBytes: number) {
    if (maxEntries === 0 || maxBytes === 0) return
    this.#entries = new LRUCache({ max: Math.ceil(maxEntries), maxSize: Math.ceil(maxBytes) })
  }

  get enabled(): boolean {
    return this.#entries !== undefined
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0
  }

  get(key: string): Entry | undefined {
    return this.#entries?.get(key)
  }

  /** False when there is no room for it at all. */
  set(key: string, entry: Entry): boolean {
    if (this.#entries === undefined) return true
    const size = Math.ceil(OVERHEAD_BYTES + key.length * 2 + entry.kept.bytes + tagBytes(entry))
    this.#entries.set(key, entry, { size })
    return this.#entries.has(key)
  }

  delete(key: string): void {
    this.#entries?.delete(key)
  }

  clear(): void {
    this.#entries?.clear()
  }
}

/** What it was made of may take more than itself: a sum over thousands of rows. */
function tagBytes({ noted, ids }: Entry): number {
  let bytes = noted.size * TAG_BYTES + (ids === undefined ? 0 : ids.size * ID_BYTES)
  // Entries may share a name, or be the last to hold it.
  for (const { name } of noted.keys()) bytes += name.length
  return bytes
}
