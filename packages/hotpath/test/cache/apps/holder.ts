import { createCache } from 'hotpath/cache'
import { redisStore } from 'hotpath/cache/redis'
import { createClient } from 'redis'

/** A process that begins to compute a key for all others, says so, and never ends. */
const client = await createClient({ url: process.argv[2] ?? '' }).connect()
const cache = createCache({ name: 'shop', store: redisStore(client), lease: '500ms', ttl: '1m' })
await cache.getOrSet('k', () => {
  process.stdout.write('computing\n')
  return new Promise<string>(() => {})
})
