import { HotpathError } from '../errors.js'
import { Keys } from './keys.js'
import type { CacheOptions, Lifetime, Plan } from './options.js'
import { cachedOptions, cacheOptions, checkNames, planOf, refused } from './options.js'
import type { Task } from './keeper.js'
import { Results } from './results.js'
import { type CacheCounts, CacheStats } from './stats.js'
import { processTags, type Tags } from './tags.js'

/** For a function that is cached. */
export interface CachedOptions<A extends readonly unknown[]> extends Lifetime {
  /** For its keys and its figures. Default: the name of the function. */
  readonly name?: string
  /** What tells calls apart. Default: the arguments as JSON, which tells apart all plain data. */
  readonly key?: (...args: A) => string | number | bigint | boolean
  /** What its results are made of: names that `invalidate` is called with. */
  readonly tags?: readonly string[] | ((...args: A) => readonly string[])
}

/** For `getOrSet`. */
export interface GetOptions extends Lifetime {
  /** For its figures; it is no part of the key. Default `getOrSet`. */
  readonly name?: string
  readonly tags?: readonly string[]
}

/** A function whose results are kept. */
export interface Cached<A extends readonly unknown[], R> {
  (...args: A): Promise<R>
  /** The key of a call, as `cache.delete` and `cache.getOrSet` know it. */
  keyOf(...args: A): string
  /** Forgets the result of a call; see `Cache.delete`. */
  delete(...args: A): Promise<boolean>
}

export interface CacheFigures {
  /** Results in memory, and what they take there, estimated. */
  readonly entries: number
  readonly bytes: number
  /** Counters since the start by the name of what is cached. */
  readonly names: Readonly<Record<string, Readonly<CacheCounts>>>
  /** Absent without a store. `hears`: changes made by other processes arrive as messages. */
  readonly store?: {
    readonly name: string
    /** `away`: it fails or is slow, and this process caches alone until it is back. */
    readonly state: 'used' | 'away'
    readonly hears: boolean
    readonly outages: number
    /** Tags that it could not be told of yet. */
    readonly pending: number
  }
}

export interface Cache {
  /**
   * The same function, with its results kept:
   *
   *     const menuOf = cache((shop: number) => pool.query(SQL, [shop]).then(r => r.rows), {
   *       name: 'menu', ttl: '30s', stale: '10m', tags: shop => [`shop:${shop}`],
   *     })
   *     await menuOf(7)
   *     await cache.invalidate(['shop:7'])
   *
   * @throws HOTPATH_CACHE_OPTION, HOTPATH_CACHE_NAME
   */
  <A extends readonly unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    options?: CachedOptions<A>,
  ): Cached<A, R>

  /** The result of a key, or that of `fn`, which is kept under it then. */
  getOrSet<R>(key: string, fn: () => R | PromiseLike<R>, options?: GetOptions): Promise<R>

  /**
   * What was made of these tags is not given any more: by this process from now on, by all others once the
   * promise resolves with true (in `fast` mode: once the message has reached them, a few milliseconds).
   * False: the store could not be told in time; this process tells it before it uses it again. It costs the
   * same for one result and for a million.
   */
  invalidate(tags: readonly string[]): Promise<boolean>

  /** Forgets one key, and what is computed for it now. True as for `invalidate`. */
  delete(key: string): Promise<boolean>

  /** Forgets all results of this cache. True as for `invalidate`. */
  clear(): Promise<boolean>

  stats(): CacheFigures

  /** Ends what it does with its store; the client stays open. Nothing is to be done without a store. */
  close(): Promise<void>
}

/**
 * A cache of its own: with bounds, defaults and a store of its own.
 *
 *     const cache = createCache({ name: 'shop', ttl: '30s', store: redisStore(client) })
 *
 * @throws HOTPATH_CACHE_OPTION
 */
export function createCache(options: CacheOptions = {}): Cache {
  return cacheOver(options, processTags())
}

/** The same with tags that no other cache has. */
export function cacheOver(options: CacheOptions, tags: Tags): Cache {
  // Refused here, and not at the first call.
  checkNames(options, cacheOptions)
  planOf({}, { ttl: 1, ...options })
  const maker = new Maker(options, tags)
  const cache = <A extends readonly unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    wrapping: CachedOptions<A> = {},
  ) => maker.wrap(fn, wrapping)
  return Object.assign(cache, {
    getOrSet: <R>(key: string, fn: () => R | PromiseLike<R>, getting?: GetOptions) =>
      maker.get(key, fn, getting) as Promise<R>,
    invalidate: (names: readonly string[]) => maker.invalidate(names),
    delete: (key: string) => maker.delete(key),
    clear: () => maker.clear(),
    stats: () => maker.stats(),
    close: async () => maker.results.shared?.close(),
  })
}

class Maker {
  readonly results: Results
  readonly #stats = new CacheStats()
  readonly #names = new Map<string, number>()

  constructor(
    private readonly options: CacheOptions,
    private readonly tags: Tags,
  ) {
    this.results = new Results(options, tags)
  }

  wrap<A extends readonly unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    options: CachedOptions<A>,
  ): Cached<A, R> {
    checkNames(options, cachedOptions)
    const name = this.#nameOf(fn, options.name)
    const plan = planOf(options, this.options)
    const counts = this.#stats.of(name)
    const { results } = this
    const prefix = `${name}:`
    const keys = new Keys(prefix)
    const { key: keyFor, tags = [] } = options
    if (typeof tags !== 'function' && !Array.isArray(tags))
      throw refused('tags', 'a list of names, or a function that gives one', tags)
    const keyOf =
      keyFor === undefined
        ? (...args: A) => keys.of(args)
        : (...args: A) => prefix + String(keyFor(...args))
    const tagsOf = typeof tags === 'function' ? tags : () => tags
    const cached = (...args: A): Promise<unknown> => {
      const key = keyOf(...args)
      const hit = results.hit(key, counts)
      if (hit !== undefined) return hit
      const run = () => fn(...args)
      return results.get(key, { name, counts, plan, tags: tagsOf(...args), run })
    }
    const forget = (...args: A) => this.delete(keyOf(...args))
    return Object.assign(cached as (...args: A) => Promise<R>, { keyOf, delete: forget })
  }

  get(key: string, run: () => unknown, options: GetOptions = {}): Promise<unknown> {
    const name = options.name ?? 'getOrSet'
    const counts = this.#stats.of(name)
    const hit = this.results.hit(key, counts)
    if (hit !== undefined) return hit
    const plan: Plan = planOf(options, this.options)
    const task: Task = { name, counts, plan, tags: options.tags ?? [], run }
    return this.results.get(key, task)
  }

  async invalidate(names: readonly string[]): Promise<boolean> {
    if (!Array.isArray(names)) throw refused('invalidate', 'a list of tags', names)
    const { shared } = this.results
    // The link is told below, where it is waited for; that was no other process.
    this.tags.bump(names, shared?.link.listener, false)
    const told = await this.tags.strict?.renew(names.filter(name => !name.startsWith('pg:')))
    return (shared === undefined || (await shared.renew(names))) && told !== false
  }

  async delete(key: string): Promise<boolean> {
    const { shared } = this.results
    this.results.forgetKey(key)
    if (shared === undefined) return true
    const done = await shared.remove(key)
    // What was read from the store meanwhile.
    this.results.forgetKey(key)
    return done
  }

  async clear(): Promise<boolean> {
    const { shared } = this.results
    this.results.forgetAll()
    if (shared === undefined) return true
    const done = await shared.renew([shared.epoch])
    this.results.forgetAll()
    return done
  }

  stats(): CacheFigures {
    const { memory, shared } = this.results
    const store = shared && { name: shared.link.store.name, ...shared.link.figures }
    return {
      entries: memory.size,
      bytes: memory.bytes,
      names: this.#stats.all(),
      ...(store === undefined ? {} : { store }),
    }
  }

  /** Two functions of one name would be given each other's results. @throws HOTPATH_CACHE_NAME */
  #nameOf(fn: { readonly name: string }, given: string | undefined): string {
    const name = given ?? fn.name
    const used = this.#names.get(name) ?? 0
    this.#names.set(name, used + 1)
    if (name !== '' && used === 0) return name
    // Without a store, names are for figures alone, and any other will do.
    if (this.options.store === undefined) return `${name || 'anonymous'}#${used + 1}`
    const what = name === '' ? 'A function without a name' : `A second function named "${name}"`
    throw new HotpathError('HOTPATH_CACHE_NAME', { what })
  }
}
