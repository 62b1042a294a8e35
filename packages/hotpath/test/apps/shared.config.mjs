/** Answers that two instances share in the Redis of a test. */
import { createClient } from 'redis'
import { varnish } from 'hotpath/cdn'
import { redisStore } from '../../dist/drivers/redis.js'

const store = async () =>
  redisStore(
    await createClient({ url: process.env.REDIS_URL })
      .on('error', () => {})
      .connect(),
  )

/** Where there is a cache in front. */
const { FRONT_URL } = process.env
const cdn = FRONT_URL ? { cdn: { ttl: '1h' } } : {}
const cache = { ttl: '10m', store }

export default {
  service: 'shared',
  ...(FRONT_URL ? { cdn: { purge: [varnish({ url: FRONT_URL })] } } : {}),
  routes: {
    'GET /menu': { cache: { ...cache, tags: ['menu'] } },
    'GET /cold': { cache },
    'GET /page': { cache: { ...cache, ...cdn, tags: ['page'] } },
    'GET /other': { cache: { ...cache, key: { headers: ['accept-language'] } } },
    'GET /me': { cache },
    'GET /own': { cache },
  },
}
