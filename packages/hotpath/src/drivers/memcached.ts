import { createHash, randomBytes } from 'node:crypto'
import type { CacheStore, StoreRead } from '../cache/store.js'

/**
 * The subset of `memjs` 1 (`Client.create()`) that we need. Structural: a client with these five will do.
 * `expires` are seconds.
 */
export interface MemcachedClient {
  get(key: string): Promise<{ value: Buffer | null }>
  set(key: string, value: Buffer | string, options: { expires: number }): Promise<boolean>
  /** False where the key is there already. */
  add(key: string, value: string, options: { expires: number }): Promise<boolean>
  delete(key: string): Promise<boolean>
  touch(key: string, expires: number): Promise<boolean>
}

export interface MemcachedStoreOptions {
  /** What all its keys begin with, 100 characters at most. Default `hotpath`. */
  readonly prefix?: string
  /** What the server takes as one value (`-I`), in bytes. Default 1 MB. */
  readonly maxBytes?: number
  /** For how long the version of a tag is kept, in seconds, 30 days at most. Default 7 days. */
  readonly tagTtl?: number
}

const WEEK_S = 7 * 24 * 3_600
/** Beyond 30 days a server takes the seconds for a time since 1970. */
const LONGEST_S = 30 * 24 * 3_600
/** The server counts key and header in. */
const MAX_BYTES = (1 << 20) - 1024
/** A server takes 250 bytes, without spaces and control characters. */
const PLAIN_KEY = /^[\x21-\x7e]{1,120}$/

/**
 * Keeps a cache in Memcached.
 *
 *     import memjs from 'memjs'
 *     import { memcachedStore } from 'hotpath/cache/memcached'
 *
 *     const client = memjs.Client.create('10.0.0.1:11211', { timeout: 0.2, retries: 1 })
 *     const cache = createCache({ ttl: '30s', store: memcachedStore(client) })
 *
 * The client is yours: you close it. Memcached sends no messages, so memory before it asks for the versions
 * of tags at each hit (`checked`). It counts whole seconds, and evicts when it is full: a version that was
 * evicted makes its entries misses, never old hits.
 */
export function memcachedStore(
  client: MemcachedClient,
  options: MemcachedStoreOptions = {},
): CacheStore {
  return new MemcachedStore(client, options)
}

class MemcachedStore implements CacheStore {
  readonly name = 'memcached'
  readonly maxBytes: number
  readonly #prefix: string
  readonly #tagTtl: { readonly expires: number }

  constructor(
    private readonly client: MemcachedClient,
    options: MemcachedStoreOptions,
  ) {
    this.maxBytes = options.maxBytes ?? MAX_BYTES
    this.#prefix = options.prefix ?? 'hotpath'
    this.#tagTtl = { expires: Math.min(options.tagTtl ?? WEEK_S, LONGEST_S) }
  }

  async read(keys: readonly string[], tags: readonly string[]): Promise<StoreRead> {
    const [entries, versions] = await Promise.all([
      Promise.all(keys.map(key => this.#get('e', key))),
      Promise.all(tags.map(tag => this.#get('t', tag))),
    ])
    return { entries, versions: versions.map(version => version?.toString('latin1')) }
  }

  async write(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    await this.client.set(this.#key('e', key), value, { expires: seconds(ttlMs) })
  }

  async remove(keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map(key => this.client.delete(this.#key('e', key))))
  }

  async renew(tags: readonly string[]): Promise<void> {
    const version = newVersion()
    await Promise.all(tags.map(tag => this.client.set(this.#key('t', tag), version, this.#tagTtl)))
  }

  ensure(tags: readonly string[]): Promise<readonly string[]> {
    const version = newVersion()
    return Promise.all(tags.map(tag => this.#ensure(tag, version)))
  }

  /** `add` is the one thing of this protocol that is atomic and of use here. */
  async lease(key: string, holder: string, ttlMs: number): Promise<boolean> {
    const name = this.#key('l', key)
    const expires = seconds(ttlMs)
    if (await this.client.add(name, holder, { expires })) return true
    const held = await this.#get('l', key)
    if (held?.toString() !== holder) return false
    // Should it have lapsed meanwhile, two compute: one too many, and no harm.
    return this.client.touch(name, expires)
  }

  async release(key: string, holder: string): Promise<void> {
    const held = await this.#get('l', key)
    if (held?.toString() === holder) await this.client.delete(this.#key('l', key))
  }

  async #ensure(tag: string, version: string): Promise<string> {
    // Evicted between the two: once more. Who is unlucky thrice does not keep the result.
    for (let i = 0; i < 3; i++) {
      if (await this.client.add(this.#key('t', tag), version, this.#tagTtl)) return version
      const known = await this.#get('t', tag)
      if (known !== undefined) return known.toString('latin1')
    }
    throw new Error('the version of a tag was evicted at once')
  }

  async #get(kind: string, name: string): Promise<Buffer | undefined> {
    const { value } = await this.client.get(this.#key(kind, name))
    return value ?? undefined
  }

  #key(kind: string, name: string): string {
    const plain = PLAIN_KEY.test(name)
      ? name
      : `#${createHash('sha256').update(name).digest('base64url')}`
    return `${this.#prefix}:${kind}:${plain}`
  }
}

const seconds = (ms: number): number => Math.min(Math.ceil(ms / 1000), LONGEST_S)

/** 72 random bits: no version ever comes again. */
function newVersion(): string {
  return randomBytes(9).toString('base64url')
}
