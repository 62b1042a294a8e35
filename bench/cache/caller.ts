import { setTimeout as wait } from 'node:timers/promises'
import { createCache } from 'hotpath/cache'
import { redisStore } from 'hotpath/cache/redis'
import { createClient } from 'redis'

/** One process of four: told a key, it calls for it a thousand times at once, and says how often it computed. */
const client = await createClient({ url: process.argv[2] ?? '' })
  .on('error', () => {})
  .connect()
const cache = createCache({ name: 'bench', ttl: '1m', store: redisStore(client) })

process.on('message', (key: string) => {
  let computed = 0
  const compute = async () => {
    computed++
    await wait(100)
    return { key }
  }
  const calls = Array.from({ length: 1_000 }, () => cache.getOrSet(key, compute))
  void Promise.all(calls).then(() => process.send?.(computed))
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
