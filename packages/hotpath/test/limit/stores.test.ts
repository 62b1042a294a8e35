import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { limitStoreContract } from 'hotpath/contract/limit-store'
import { memoryLimits } from 'hotpath/limit'
import { redisLimits } from 'hotpath/limit/redis'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { contractOnRedis } from '../cache/redis-contract.js'
import { missingRedis, startRedisSentinel } from '../cache/servers.js'

limitStoreContract('memory', async () => {
  const store = memoryLimits()
  return { store, other: store, close: async () => {} }
})

contractOnRedis(limitStoreContract, redisLimits)

describe('Redis Sentinel', { skip: missingRedis() ?? false }, () => {
  let sentinel: Awaited<ReturnType<typeof startRedisSentinel>>
  before(async () => void (sentinel = await startRedisSentinel()))
  after(() => sentinel?.stop())

  limitStoreContract('redis sentinel, with ioredis', async () => {
    const sentinels = [{ host: '127.0.0.1', port: sentinel.port }]
    const connected = () => new Redis({ sentinels, name: 'main' })
    const [a, b] = [connected(), connected()]
    const close = async () => void [a.disconnect(), b.disconnect()]
    return { store: redisLimits(a, { prefix: 'i' }), other: redisLimits(b, { prefix: 'i' }), close }
  })

  limitStoreContract('redis sentinel, with the client redis', async () => {
    const connected = async () => {
      const sentinelRootNodes = [{ host: '127.0.0.1', port: sentinel.port }]
      const client = createSentinel({ name: 'main', sentinelRootNodes })
      client.on('error', () => {})
      await client.connect()
      return client
    }
    const [a, b] = await Promise.all([connected(), connected()])
    const close = async () => void [a.destroy(), b.destroy()]
    return { store: redisLimits(a, { prefix: 'r' }), other: redisLimits(b, { prefix: 'r' }), close }
  })
})

test('a client that is none is refused with what is expected', () => {
  assert.throws(() => redisLimits({} as never), {
    code: 'HOTPATH_LIMIT_OPTION',
    message: /limit: "client" must be a client of redis 5 or 6, or of ioredis 5 or 6/,
  })
})
