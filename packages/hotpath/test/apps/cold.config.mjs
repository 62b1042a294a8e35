/** Answers that instances share in the Redis of a test, each made once. */
import { createClient } from 'redis'
import { redisStore } from '../../dist/drivers/redis.js'

const store = async () =>
  redisStore(
    await createClient({ url: process.env.REDIS_URL })
      .on('error', () => {})
      .connect(),
  )
const cache = { ttl: '10m', store }

export default {
  service: 'cold',
  routes: { 'GET /menu': { cache }, 'GET /rows': { cache } },
}
