import { type Cache, createCache } from 'hotpath/cache'
import { interleave } from '../measure/interleave.js'

const KEYS = 1_000

/** A row as a menu has it. */
const rowOf = (id: number) => ({ id, name: `item ${id}`, price: 3.5, sold: false })

const map = new Map(Array.from({ length: KEYS }, (_, id) => [`item:${id}`, rowOf(id)]))
const keys = [...map.keys()]
const row = () => rowOf(0)

/** Nanoseconds of one call, round by round. */
export interface Hits {
  readonly map: readonly number[]
  /** A/A. */
  readonly mapAgain: readonly number[]
  /** `getOrSet`, as the Map is asked by key; each caller is given a copy. */
  readonly cached: readonly number[]
  readonly tagged: readonly number[]
  readonly frozen: readonly number[]
  /** A function that is cached, which makes its key of its argument. */
  readonly wrapped: readonly number[]
}

/** Hits in memory beside `await map.get(key)`, one after another, over 1,000 keys. */
export async function measureHits(
  rounds: number,
  calls: number,
  random: () => number,
): Promise<Hits> {
  const cached = await filled({}, [])
  const tagged = await filled({}, ['menu', 'prices', 'all'])
  const frozen = await filled({ hits: 'frozen' }, [])
  const wrapped = createCache({ ttl: '1h' })((key: string) => map.get(key), { name: 'row' })
  for (const key of keys) await wrapped(key)
  // A loop for each, written out: one that is given what to call is compiled for none of them.
  const arms = {
    map: perCall(calls, async n => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += (await map.get(keys[i % KEYS] ?? ''))?.id ?? 0
      return sum
    }),
    mapAgain: perCall(calls, async n => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += (await map.get(keys[i % KEYS] ?? ''))?.id ?? 0
      return sum
    }),
    cached: perCall(calls, async n => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += (await cached.getOrSet(keys[i % KEYS] ?? '', row)).id
      return sum
    }),
    tagged: perCall(calls, async n => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += (await tagged.getOrSet(keys[i % KEYS] ?? '', row)).id
      return sum
    }),
    frozen: perCall(calls, async n => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += (await frozen.getOrSet(keys[i % KEYS] ?? '', row)).id
      return sum
    }),
    wrapped: perCall(calls, async n => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += (await wrapped(keys[i % KEYS] ?? ''))?.id ?? 0
      return sum
    }),
  }
  await interleave(arms, 2, random)
  const results = await interleave(arms, rounds, random)
  const of = (name: keyof typeof arms) => results.map(round => round[name])
  return {
    map: of('map'),
    mapAgain: of('mapAgain'),
    cached: of('cached'),
    tagged: of('tagged'),
    frozen: of('frozen'),
    wrapped: of('wrapped'),
  }
}

async function filled(options: object, tags: readonly string[]): Promise<Cache> {
  const cache = createCache({ ttl: '1h', ...options })
  for (const key of keys) await cache.getOrSet(key, () => map.get(key), { tags })
  return cache
}

function perCall(calls: number, run: (calls: number) => Promise<number>): () => Promise<number> {
  return async () => {
    const beganAt = performance.now()
    await run(calls)
    return ((performance.now() - beganAt) * 1e6) / calls
  }
}
