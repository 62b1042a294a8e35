import { createCache } from './cache.js'

export {
  type Cache,
  type Cached,
  type CachedOptions,
  type CacheFigures,
  createCache,
  type GetOptions,
} from './cache.js'
export type { Hits } from './copy.js'
export type { CacheOptions, Duration, Lifetime } from './options.js'
export { memoryStore } from './memory-store.js'
export type { Serializer } from './serializer.js'
export type { CacheCounts } from './stats.js'
export type { CacheStore, StoreRead } from './store.js'

/**
 * A cache in the memory of this process, with the bounds of `createCache()`.
 *
 *     import { cache } from 'hotpath/cache'
 *
 *     const menuOf = cache(loadMenu, { ttl: '30s', tags: shop => [`shop:${shop}`] })
 *     const rate = await cache.getOrSet('rate', loadRate, { ttl: '1m' })
 *     await cache.invalidate(['shop:7'])
 */
export const cache = createCache({ name: 'default' })
