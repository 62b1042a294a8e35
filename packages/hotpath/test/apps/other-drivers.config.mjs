/** All that is read is kept for long. */
import { createClient } from 'redis'

const cache = { ttl: '10m' }
const { STRICT_URL, EARLY } = process.env
// The app opens a connection first.
if (EARLY) await new Promise(resolve => process.once('connecting', resolve))
const redis = async () => {
  const { redisStore } = await import('../../dist/drivers/redis.js')
  const client = createClient({ url: STRICT_URL, disableOfflineQueue: true }).on('error', () => {})
  return redisStore(await client.connect())
}
const paths = ['/pg', '/both', '/postgres', '/mysql', '/mysql-execute', '/mysql-transaction']

export default {
  service: 'other-drivers',
  ...(STRICT_URL ? { invalidation: { mode: 'strict', store: redis } } : {}),
  routes: Object.fromEntries(paths.map(path => [`GET ${path}`, { cache }])),
}
