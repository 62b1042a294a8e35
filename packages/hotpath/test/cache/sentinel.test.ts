import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createCache } from 'hotpath/cache'
import { redisStore } from 'hotpath/cache/redis'
import { cacheStoreContract } from 'hotpath/contract/cache-store'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { missingRedis, startRedisSentinel, until } from './servers.js'

type Sentinel = Awaited<ReturnType<typeof startRedisSentinel>>

describe('Redis Sentinel', { skip: missingRedis() ?? false }, () => {
  let sentinel: Sentinel
  before(async () => void (sentinel = await startRedisSentinel()))
  after(() => sentinel?.stop())

  const byIoredis = () => {
    const sentinels = [{ host: '127.0.0.1', port: sentinel.port }]
    const client = new Redis({ sentinels, name: 'main', sentinelRetryStrategy: () => 50 })
    client.on('error', () => {})
    return client
  }

  cacheStoreContract('redis sentinel, with ioredis', async () => {
    const [a, b] = [byIoredis(), byIoredis()]
    const close = async () => void [a.disconnect(), b.disconnect()]
    return { store: redisStore(a, { prefix: 'i' }), other: redisStore(b, { prefix: 'i' }), close }
  })

  cacheStoreContract('redis sentinel, with the client redis', async () => {
    const connected = async () => {
      const sentinelRootNodes = [{ host: '127.0.0.1', port: sentinel.port }]
      const client = createSentinel({ name: 'main', sentinelRootNodes })
      client.on('error', () => {})
      await client.connect()
      return client
    }
    const [a, b] = await Promise.all([connected(), connected()])
    const close = async () => void [a.destroy(), b.destroy()]
    return { store: redisStore(a, { prefix: 'r' }), other: redisStore(b, { prefix: 'r' }), close }
  })

  /** The last: it uses the pair up. */
  test('two caches go on after a failover, and what one changes the other drops', async () => {
    const clients = [byIoredis(), byIoredis()]
    let source = 0
    const caches = clients.map(client =>
      createCache({ name: 'shop', ttl: '1h', store: redisStore(client) }),
    )
    const [one, other] = caches as [(typeof caches)[0], (typeof caches)[0]]
    const read = (cache: typeof one) =>
      cache.getOrSet('menu', async () => ({ n: source }), { tags: ['menu'] })
    /** Changed, told, and seen by both: the second has it from what the first told. */
    const isSeen = async () => {
      source++
      if (!(await one.invalidate(['menu']))) return false
      assert.equal((await read(one)).n, source)
      await until(async () => (await read(other)).n === source, 'the other to drop it')
      return true
    }
    try {
      await until(isSeen, 'a change to be told')
      // What was acknowledged is at the replica: a failover that loses writes is another matter.
      assert.equal(await clients[0]?.wait(1, 5_000), 1)
      await sentinel.master.kill()
      // While nobody is there each answers for itself.
      source++
      await one.invalidate(['menu'])
      assert.equal((await read(one)).n, source)
      const isMaster = async () => {
        const direct = new Redis(sentinel.replica.port, '127.0.0.1')
        try {
          return String(await direct.info('replication')).includes('role:master')
        } finally {
          direct.disconnect()
        }
      }
      await until(isMaster, 'the failover')
      await until(() => caches.every(cache => cache.stats().store?.state === 'used'), 'both back')
      await until(async () => (await read(other)).n === source, 'what was changed meanwhile')
      await until(isSeen, 'a change to be told again')
      // By way of the new master, and not each by itself.
      await until(async () => other.stats().store?.hears === true, 'messages')
      await isSeen()
    } finally {
      await Promise.all(caches.map(cache => cache.close()))
      for (const client of clients) client.disconnect()
    }
  })
})
