import { randomBytes } from 'node:crypto'
import type { CacheStore, StoreRead } from '../cache/store.js'
import type { VersionStore } from '../cache/strict/strictness.js'
import { type Commands, commandsOf } from './redis/commands.js'
import type { RedisClient } from './redis/clients.js'
import { RedisVersions } from './redis/versions.js'

export type { RedisClient } from './redis/clients.js'

export interface RedisStoreOptions {
  /** What all its keys, and its channel, begin with. Default `hotpath`. */
  readonly prefix?: string
  /**
   * For how long the version of a tag is kept after it was last used in a fill or changed. What was made of a
   * tag whose version is gone is computed anew. Default 7 days.
   */
  readonly tagTtlMs?: number
}

const WEEK_MS = 7 * 24 * 3_600_000

/** Who holds it or finds it free has it for ARGV[2] ms. */
const LEASE = `local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0`

const PUBLISH = `return redis.call('publish', KEYS[1], ARGV[1])`

/** The version of a tag, which it is given if it has none. */
const ENSURE = `local version = redis.call('get', KEYS[1])
if version then
  redis.call('pexpire', KEYS[1], ARGV[2])
  return version
end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`

/**
 * Keeps a cache in Redis or Valkey, from 6.0 on: one server, Sentinel, or Cluster.
 *
 *     import { createClient } from 'redis'        // 5 and 6; or ioredis, 5 and 6
 *     import { redisStore } from 'hotpath/cache/redis'
 *
 *     const client = await createClient({ url, disableOfflineQueue: true }).on('error', report).connect()
 *     const cache = createCache({ ttl: '30s', store: redisStore(client) })
 *
 * The client is yours: you close it. A second connection for messages is opened by `duplicate()`, and ended by
 * `cache.close()`. Keys are `PREFIX:e:` entries, `PREFIX:t:` versions of tags, `PREFIX:l:` leases. No command
 * has keys of several slots.
 *
 * @throws HOTPATH_CACHE_OPTION when it is no client that is known
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisCacheStore {
  const { prefix = 'hotpath', tagTtlMs = WEEK_MS } = options
  return new RedisStore(commandsOf(client), prefix, String(Math.ceil(tagTtlMs)))
}

/** For `createCache({ store })`, and for `store` and `channel` of `invalidation`. */
export interface RedisCacheStore extends CacheStore {
  subscribe(onMessage: (message: string) => void, onGap: () => void): () => Promise<void>
  publish(message: string): Promise<void>
  /** Versions of tags that are asked for at each hit. */
  readonly versions: VersionStore
}

class RedisStore implements RedisCacheStore {
  readonly name = 'redis'
  /** What Redis takes as one value. */
  readonly maxBytes = 512 << 20
  readonly versions: VersionStore
  readonly #channel: string

  constructor(
    private readonly commands: Commands,
    private readonly prefix: string,
    private readonly tagTtl: string,
  ) {
    this.#channel = `${prefix}:messages`
    this.versions = new RedisVersions(commands, prefix, tagTtl)
  }

  read(keys: readonly string[], tags: readonly string[]): Promise<StoreRead> {
    const names = [...keys.map(key => this.#entry(key)), ...tags.map(tag => this.#tag(tag))]
    return this.#values(names).then(values => ({
      entries: values.slice(0, keys.length).map(value => value ?? undefined),
      versions: values.slice(keys.length).map(value => value?.toString('latin1')),
    }))
  }

  async write(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    const name = this.#entry(key)
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    await this.commands.run(name, ['SET', name, value, 'PX', String(ttlMs)])
  }

  async remove(keys: readonly string[]): Promise<void> {
    await Promise.all(
      keys.map(key => this.#entry(key)).map(name => this.commands.run(name, ['DEL', name])),
    )
  }

  async renew(tags: readonly string[]): Promise<void> {
    const version = newVersion()
    const names = tags.map(tag => this.#tag(tag))
    await Promise.all(
      names.map(name => this.commands.run(name, ['SET', name, version, 'PX', this.tagTtl])),
    )
  }

  ensure(tags: readonly string[]): Promise<readonly string[]> {
    const version = newVersion()
    const versions = tags.map(tag => this.#eval(ENSURE, this.#tag(tag), version, this.tagTtl))
    return Promise.all(versions).then(all => all.map(String))
  }

  async lease(key: string, holder: string, ttlMs: number): Promise<boolean> {
    const ms = String(Math.ceil(ttlMs))
    return Number(await this.#eval(LEASE, this.#lease(key), holder, ms)) === 1
  }

  async release(key: string, holder: string): Promise<void> {
    await this.#eval(RELEASE, this.#lease(key), holder)
  }

  subscribe(onMessage: (message: string) => void, onGap: () => void): () => Promise<void> {
    return this.commands.subscribe(this.#channel, onMessage, onGap)
  }

  async publish(message: string): Promise<void> {
    // A client of a cluster publishes at any server, and messages overtake each other on their ways: a script
    // runs at the one of its key.
    if (this.commands.cluster) await this.#eval(PUBLISH, this.#channel, message)
    else await this.commands.run(this.#channel, ['PUBLISH', this.#channel, message])
  }

  /** One MGET; on a cluster a GET for each, which its client sends to where each of them is. */
  #values(names: readonly string[]): Promise<(Buffer | null)[]> {
    const [first = ''] = names
    if (names.length > 1 && !this.commands.cluster)
      return this.commands.run(first, ['MGET', ...names]) as Promise<(Buffer | null)[]>
    const values = names.map(name => this.commands.run(name, ['GET', name]))
    return Promise.all(values) as Promise<(Buffer | null)[]>
  }

  #eval(script: string, name: string, ...args: readonly string[]): Promise<unknown> {
    return this.commands.run(name, ['EVAL', script, '1', name, ...args])
  }

  #entry(key: string): string {
    return `${this.prefix}:e:${key}`
  }

  #tag(tag: string): string {
    return `${this.prefix}:t:${tag}`
  }

  #lease(key: string): string {
    return `${this.prefix}:l:${key}`
  }
}

/** 72 random bits: no version ever comes again. */
function newVersion(): string {
  return randomBytes(9).toString('base64url')
}
