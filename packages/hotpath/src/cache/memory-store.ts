import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Clock, clock as processClock } from '../clock.js'
import type { CacheStore, StoreRead } from './store.js'

interface Held<T> {
  readonly value: T
  readonly untilMs: number
}

const MAX_BYTES = 64 << 20
const MOST_TAGS = 100_000

/**
 * A store in the memory of this process: for tests, and as the smallest example of one. It keeps at most
 * 64 MB and 100,000 tags; what was used least recently goes first.
 */
export function memoryStore(options: { readonly clock?: Clock } = {}): CacheStore {
  return new MemoryStore(options.clock ?? processClock)
}

class MemoryStore implements CacheStore {
  readonly name = 'memory'
  readonly #entries = new LRUCache<string, Held<Uint8Array>>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ value }, key) => value.byteLength + key.length * 2 + 100,
  })
  // By size: with `max` the room of all of them would be taken at once, 20 ms for each store that is made.
  readonly #versions = new LRUCache<string, string>({
    maxSize: MOST_TAGS,
    sizeCalculation: () => 1,
  })
  readonly #leases = new Map<string, Held<string>>()
  readonly #listeners = new Set<(message: string) => void>()

  constructor(private readonly clock: Clock) {}

  async read(keys: readonly string[], tags: readonly string[]): Promise<StoreRead> {
    const entries = keys.map(key => this.#valid(this.#entries.get(key)))
    return { entries, versions: tags.map(tag => this.#versions.get(tag)) }
  }

  async write(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    this.#entries.set(key, { value: bytes.slice(), untilMs: this.clock.now() + ttlMs })
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#entries.delete(key)
  }

  async renew(tags: readonly string[]): Promise<void> {
    const version = randomUUID()
    for (const tag of tags) this.#versions.set(tag, version)
  }

  async ensure(tags: readonly string[]): Promise<readonly string[]> {
    return tags.map(tag => {
      const version = this.#versions.get(tag) ?? randomUUID()
      this.#versions.set(tag, version)
      return version
    })
  }

  async lease(key: string, holder: string, ttlMs: number): Promise<boolean> {
    const held = this.#valid(this.#leases.get(key))
    if (held !== undefined && held !== holder) return false
    this.#leases.set(key, { value: holder, untilMs: this.clock.now() + ttlMs })
    return true
  }

  async release(key: string, holder: string): Promise<void> {
    if (this.#leases.get(key)?.value === holder) this.#leases.delete(key)
  }

  subscribe(onMessage: (message: string) => void, onGap: () => void): () => Promise<void> {
    this.#listeners.add(onMessage)
    queueMicrotask(onGap)
    return async () => void this.#listeners.delete(onMessage)
  }

  async publish(message: string): Promise<void> {
    for (const listener of this.#listeners) queueMicrotask(() => listener(message))
  }

  #valid<T>(held: Held<T> | undefined): T | undefined {
    return held !== undefined && this.clock.now() < held.untilMs ? held.value : undefined
  }
}
