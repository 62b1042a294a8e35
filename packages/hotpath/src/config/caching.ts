import type { ListeningClient } from './outside.js'
import type { TagChannel } from './tag-channel.js'
import { type Check, isRecord, type Rule } from './rule.js'
import type { VersionStore } from './version-store.js'

/** What `redisStore(client)` of `hotpath/cache/redis` gives has it. */
export interface SharedVersions {
  readonly versions: VersionStore
}

/** How a write of one process drops what another has kept. */
export interface InvalidationConfig {
  /**
   * `fast`, the default: processes tell each other, and a reader may be some milliseconds late. `strict`:
   * each hit asks the store, and none is older than what was committed before it was asked for.
   */
  readonly mode?: 'fast' | 'strict'
  /** Strict: where the versions are, `() => redisStore(client)`. */
  readonly store?: SharedVersions | (() => SharedVersions | Promise<SharedVersions>)
  /**
   * Strict: whether COMMIT of what writes waits, 2 s at most, when the store cannot be reached. Default true.
   * False: it does not, and the others may be late by as much.
   */
  readonly delayCommits?: boolean
  /** What carries the news: the Redis store of `hotpath/cache`, or a function that makes it at start. */
  readonly channel?: TagChannel | (() => TagChannel | Promise<TagChannel>)
  /**
   * Makes a client of pg that listens to what `hotpath triggers` has made the tables tell:
   * `() => new pg.Client(process.env.DATABASE_URL)`. Not connected yet, and nobody else's.
   */
  readonly listen?: () => ListeningClient | Promise<ListeningClient>
}

/** Results of pg's statements that are kept in the memory of this process: docs/invalidation.md. */
export interface TableCacheConfig {
  /** Tables and views, as statements name them: `['menu', 'shop.prices']`. A statement that reads others too is not kept. */
  readonly tables: readonly string[]
  /** `shadow` gives nothing, and counts what it would have given and what of that was wrong. Default `on`. */
  readonly mode?: 'off' | 'shadow' | 'on'
  /** How long an answer is kept at most. Default `'60s'`. */
  readonly ttl?: string
  /** Bytes of all answers together. Default 64 MB. */
  readonly maxBytes?: number
}

const isFunction: Check = value => typeof value === 'function'
const has = (value: unknown, names: readonly string[], type: string): boolean =>
  typeof value === 'object' &&
  value !== null &&
  names.every(name => typeof Reflect.get(value, name) === type)

export const STORE = "a store of Redis, or a function that makes one, where mode is 'strict'"

/** `invalidation` of the config. */
export const invalidationRule: Rule = {
  expected: 'an object',
  check: isRecord,
  keys: {
    mode: {
      expected: "'fast' or 'strict'",
      check: value => value === 'fast' || value === 'strict',
    },
    store: {
      expected: STORE,
      check: value => isFunction(value) || has(value, ['versions'], 'object'),
    },
    delayCommits: { expected: 'true or false', check: value => typeof value === 'boolean' },
    channel: {
      expected: 'an object with the functions publish and subscribe, or a function that makes one',
      check: value => isFunction(value) || has(value, ['publish', 'subscribe'], 'function'),
    },
    listen: { expected: 'a function that makes a client of pg', check: isFunction },
  },
}
