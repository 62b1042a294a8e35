import { setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache } from 'hotpath/cache'
import { redisStore } from 'hotpath/cache/redis'
import { createClient } from 'redis'
import { interleave } from '../measure/interleave.js'

const FEW = 10
const MANY = 100_000
const INVALIDATIONS = 1_000
const LANES = 64

/** Microseconds of one invalidation, told to Redis and to all processes, round by round. */
export interface TagCosts {
  readonly few: readonly number[]
  /** A/A. */
  readonly fewAgain: readonly number[]
  readonly many: readonly number[]
}

/** Invalidating a tag of 10 and of 100,000 results, which are in memory and in Redis. */
export async function measureTags(
  url: string,
  rounds: number,
  random: () => number,
): Promise<TagCosts> {
  const client = await createClient({ url })
    .on('error', () => {})
    .connect()
  const cache = createCache({
    name: 'tags',
    ttl: '1h',
    maxEntries: MANY * 2,
    maxBytes: 1 << 30,
    store: redisStore(client),
    // Filling it takes all that the machine has.
    storeTimeout: '2s',
  })
  const fill = async (tag: string, count: number) => {
    let next = 0
    const lane = async () => {
      while (next < count) await cache.getOrSet(`${tag} ${next++}`, () => 1, { tags: [tag] })
    }
    await Promise.all(Array.from({ length: LANES }, lane))
  }
  // What is in memory when messages begin to be heard is dropped.
  while (cache.stats().store?.hears !== true) await wait(10)
  await fill('few', FEW)
  await fill('fewAgain', FEW)
  await fill('many', MANY)
  const { entries } = cache.stats()
  if (entries !== MANY + 2 * FEW) throw new Error(`${entries} results are in memory`)
  const arm = (tag: string) => () => costOf(cache, tag)
  const arms = { few: arm('few'), fewAgain: arm('fewAgain'), many: arm('many') }
  // The first of these meets them all fresh.
  const results = await interleave(arms, rounds, random)
  await cache.close()
  client.destroy()
  const of = (name: keyof typeof arms) => results.map(round => round[name])
  return { few: of('few'), fewAgain: of('fewAgain'), many: of('many') }
}

async function costOf(cache: Cache, tag: string): Promise<number> {
  const beganAt = performance.now()
  for (let i = 0; i < INVALIDATIONS; i++) {
    const told = await cache.invalidate([tag])
    if (!told) throw new Error('Redis was not told')
  }
  return ((performance.now() - beganAt) * 1000) / INVALIDATIONS
}
