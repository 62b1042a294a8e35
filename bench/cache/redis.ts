import { createCache } from 'hotpath/cache'
import { redisStore } from 'hotpath/cache/redis'
import { createClient } from 'redis'
import { interleave } from '../measure/interleave.js'

const KEYS = 1_000
const CONCURRENCY = 64

/** About 600 bytes of JSON: a short list, as an API answers it. */
const pageOf = (id: number) => ({
  id,
  rows: Array.from({ length: 10 }, (_, i) => ({ id: i, name: `item ${i} of ${id}`, price: 3.5 })),
})

/** Calls a second at concurrency 64, round by round. */
export interface ThroughRedis {
  readonly get: readonly number[]
  /** A/A. */
  readonly getAgain: readonly number[]
  /** A hit through Redis, with nothing kept in memory. */
  readonly cached: readonly number[]
  /** The same with three tags, whose versions are read with it. */
  readonly tagged: readonly number[]
}

/** The client's own GET and JSON.parse, beside a cache over the same client without memory. */
export async function measureRedis(
  url: string,
  rounds: number,
  calls: number,
  random: () => number,
): Promise<ThroughRedis> {
  const client = await createClient({ url })
    .on('error', () => {})
    .connect()
  const caches = ['none', 'tags'].map(name =>
    createCache({ name, ttl: '1h', maxEntries: 0, store: redisStore(client), storeTimeout: '2s' }),
  )
  const [plain, tagged] = caches.map((cache, i) =>
    cache((id: number) => pageOf(id), {
      name: 'page',
      tags: id => (i === 0 ? [] : ['menu', 'prices', `page:${id}`]),
    }),
  )
  if (plain === undefined || tagged === undefined) throw new Error('two caches were made')
  for (let id = 0; id < KEYS; id++) {
    await Promise.all([plain(id), tagged(id)])
    await client.set(`page:${id}`, JSON.stringify(pageOf(id)))
  }
  const get = async (id: number) => JSON.parse((await client.get(`page:${id}`)) ?? '') as unknown
  const block = (call: (id: number) => Promise<unknown>) => () => rateOf(call, calls)
  const arms = {
    get: block(get),
    getAgain: block(get),
    cached: block(plain),
    tagged: block(tagged),
  }
  await interleave(arms, 2, random)
  const results = await interleave(arms, rounds, random)
  const fills = caches.map(cache => cache.stats().names['page']?.fills)
  if (fills.some(count => count !== KEYS)) throw new Error(`not all were hits: ${fills.join()}`)
  await Promise.all(caches.map(cache => cache.close()))
  client.destroy()
  const of = (name: keyof typeof arms) => results.map(round => round[name])
  return { get: of('get'), getAgain: of('getAgain'), cached: of('cached'), tagged: of('tagged') }
}

async function rateOf(call: (id: number) => Promise<unknown>, calls: number): Promise<number> {
  let next = 0
  const lane = async () => {
    while (next < calls) await call(next++ % KEYS)
  }
  const beganAt = performance.now()
  await Promise.all(Array.from({ length: CONCURRENCY }, lane))
  return (calls * 1000) / (performance.now() - beganAt)
}
