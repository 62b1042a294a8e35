import type { Clock } from '../clock.js'
import { DURATION, durationMs } from '../config/duration.js'
import { HotpathError } from '../errors.js'
import type { Hits } from './copy.js'
import type { Serializer } from './serializer.js'
import type { CacheStore } from './store.js'

/** `'500ms'`, `'30s'`, `'10m'`, `'1h'`, or milliseconds. */
export type Duration = string | number

/** How long a result lives, and what happens at its ends. */
export interface Lifetime {
  /** For how long a result is given without a question. */
  readonly ttl?: Duration
  /** For how long after that it is still given at once, while it is computed anew in the background. */
  readonly stale?: Duration
  /** For how long after `ttl` it is given when its source fails, or is slower than `softTimeout`. */
  readonly grace?: Duration
  /** The part of `ttl`, at its end, in which a hit computes anew in the background: 0.2. Drawn anew, by half, for each result. */
  readonly early?: number
  /** By which part of `ttl`, at most, it is shortened at random, so that what was made at once does not end at once. */
  readonly jitter?: number
  /** In place of `ttl` for `undefined` and `null`; 0 keeps none of them. */
  readonly noneTtl?: Duration
  /** For how long a failure is kept and thrown again, in this process; absent: not at all. */
  readonly errorTtl?: Duration
  /** After a failure what is stale or in grace is given for this long before the source is asked again. 1 s. */
  readonly retryAfter?: Duration
  /** After which the old result is given, where there is one in `grace`. */
  readonly softTimeout?: Duration
  /** After which a caller is told HOTPATH_CACHE_TIMEOUT; the computation goes on, and what it gives is kept. */
  readonly hardTimeout?: Duration
  /**
   * With `invalidation: { mode: 'strict' }`: what was made without a statement or a tag is kept all the same,
   * and lives by its `ttl` alone.
   */
  readonly ttlOnly?: boolean
}

export interface CacheOptions extends Lifetime {
  /** The namespace of its keys in the store, and what `clear` clears there. Default `cache`. */
  readonly name?: string
  /** Bytes in memory at most, estimated. Default 64 MB; 0 keeps nothing in memory. */
  readonly maxBytes?: number
  /** Results in memory at most. Default 100,000; 0 keeps nothing in memory. */
  readonly maxEntries?: number
  /** How callers get what is kept; see docs/cache.md. Default `copied`. */
  readonly hits?: Hits
  /** What processes share: `redisStore(client)` of `hotpath/cache/redis`, or of your own. */
  readonly store?: CacheStore
  /**
   * Memory before a store. `fast`: a hit asks nobody, changes come as messages. `checked`: a hit in memory
   * asks the store whether it still holds; with the store away, memory alone. `strict`: the same; with the
   * store away nothing is answered from the cache. Default `fast` where the store can send messages, else
   * `checked`.
   */
  readonly coherence?: 'fast' | 'checked' | 'strict'
  /** What a call waits for the store at most, in all. Default 50 ms. */
  readonly storeTimeout?: Duration
  /** The pause before a store that failed is tried again, doubled each time up to 5 s. Default 100 ms. */
  readonly storeRetry?: Duration
  /** For how long a computation is left to the process that began it without a sign of life. Default 2 s. */
  readonly lease?: Duration
  /** How values become bytes for a store. Default JSON. */
  readonly serializer?: Serializer
  /** From how many bytes on values are compressed for a store. Default 16,384; Infinity never. */
  readonly compressAbove?: number
  /** For tests. */
  readonly clock?: Clock
  /** For tests: numbers in [0, 1). */
  readonly random?: () => number
}

const lifetimes =
  'ttl stale grace early jitter noneTtl errorTtl retryAfter softTimeout hardTimeout ttlOnly'
/** Options of `cache(fn, options)`, and of `createCache`. */
export const cachedOptions: readonly string[] = `${lifetimes} name key tags`.split(' ')
export const cacheOptions: readonly string[] =
  `${lifetimes} name maxBytes maxEntries hits store coherence storeTimeout storeRetry lease serializer compressAbove clock random`.split(
    ' ',
  )

/** @throws HOTPATH_CACHE_OPTION where an option has a name that nobody knows. */
export function checkNames(options: object, known: readonly string[]): void {
  const odd = Object.keys(options).find(name => !known.includes(name))
  if (odd !== undefined) throw refused(odd, `one of ${known.join(', ')}`, 'another name')
}

/** Lifetime in milliseconds. */
export interface Plan {
  readonly ttlMs: number
  readonly staleMs: number
  readonly graceMs: number
  readonly early: number
  readonly jitter: number
  readonly noneMs: number
  readonly errorMs: number
  readonly retryMs: number
  readonly softMs: number
  readonly hardMs: number
  readonly ttlOnly: boolean
}

/** @throws HOTPATH_CACHE_OPTION */
export function planOf(lifetime: Lifetime, defaults: Lifetime): Plan {
  const all: Lifetime = { ...defaults, ...lifetime }
  const ttlMs = ms('ttl', all.ttl)
  if (ttlMs === undefined) throw refused('ttl', DURATION, all.ttl)
  return {
    ttlMs,
    staleMs: ms('stale', all.stale) ?? 0,
    graceMs: ms('grace', all.grace) ?? 0,
    early: part('early', all.early),
    jitter: part('jitter', all.jitter),
    noneMs: ms('noneTtl', all.noneTtl) ?? ttlMs,
    errorMs: ms('errorTtl', all.errorTtl) ?? 0,
    retryMs: ms('retryAfter', all.retryAfter) ?? 1000,
    softMs: ms('softTimeout', all.softTimeout) ?? 0,
    hardMs: ms('hardTimeout', all.hardTimeout) ?? 0,
    ttlOnly: all.ttlOnly === true,
  }
}

/** 31 days: a timer of Node waits no longer than 24, but nothing here waits for a `ttl`. */
const LONGEST_MS = 31 * 24 * 3_600_000

/** Milliseconds of an option; undefined when it is absent. @throws HOTPATH_CACHE_OPTION */
export function ms(option: string, value: Duration | undefined): number | undefined {
  if (value === undefined) return undefined
  const found = typeof value === 'number' ? value : durationMs(value)
  if (found !== undefined && found >= 0 && found <= LONGEST_MS) return found
  throw refused(option, `${DURATION}, or milliseconds up to 31 days`, value)
}

function part(option: string, value: number | undefined): number {
  if (value === undefined) return 0
  if (typeof value === 'number' && value >= 0 && value < 1) return value
  throw refused(option, 'a part of ttl from 0 to below 1', value)
}

/** lru-cache reserves its slots at once, 40 bytes for each. */
const MOST = 2 ** 40

/** @throws HOTPATH_CACHE_OPTION */
export function count(option: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  if (typeof value === 'number' && value >= 0 && value <= MOST) return value
  throw refused(option, 'a number from 0 up, and not Infinity', value)
}

/** @throws HOTPATH_CACHE_OPTION */
export function oneOf<T extends string>(option: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value
  throw refused(option, known.map(one => `'${one}'`).join(' or '), value)
}

export function refused(option: string, expected: string, value: unknown): HotpathError {
  const simple =
    value === null || ['string', 'number', 'undefined', 'boolean'].includes(typeof value)
  const got =
    typeof value === 'string'
      ? `'${value}'`
      : simple
        ? String(value)
        : typeof value === 'object'
          ? 'an object'
          : `a ${typeof value}`
  return new HotpathError('HOTPATH_CACHE_OPTION', { option, expected, got })
}
