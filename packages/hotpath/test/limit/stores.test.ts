import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { limitStoreContract } from 'hotpath/contract/limit-store'
import { limit, memoryLimits } from 'hotpath/limit'
import { redisLimits } from 'hotpath/limit/redis'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { contractOnRedis } from '../cache/redis-contract.js'
import { missingRedis, startRedis, startRedisSentinel } from '../cache/servers.js'

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

test('ioredis: decisions that are asked for at once leave in few writes', {
  skip: missingRedis() ?? false,
}, async () => {
  const server = await startRedis()
  const client = new Redis(server.port, '127.0.0.1')
  try {
    const limiter = limit({ rate: '100/h', namespace: 'written', store: redisLimits(client) })
    await limiter.take('ann')
    const { stream } = client
    const { _write, _writev } = stream
    let writes = 0
    stream._write = (...args) => {
      writes++
      _write.apply(stream, args)
    }
    stream._writev = (...args) => {
      writes++
      _writev?.apply(stream, args)
    }
    const decisions = await Promise.all(Array.from({ length: 64 }, () => limiter.take('ann')))
    // Eight in each.
    assert.equal(writes, 8)
    // Each of the next turn too: nothing is left in the socket.
    decisions.push(await limiter.take('ann'))
    assert.equal(writes, 9)
    assert.deepEqual(
      decisions.map(({ remaining, alone }) => ({ remaining, alone })),
      decisions.map((_, n) => ({ remaining: 98 - n, alone: false })),
    )
  } finally {
    client.disconnect()
    await server.stop()
  }
})

test('a client that is none is refused with what is expected', () => {
  assert.throws(() => redisLimits({} as never), {
    code: 'HOTPATH_LIMIT_OPTION',
    message: /limit: "client" must be a client of redis 5 or 6, or of ioredis 5 or 6/,
  })
})
