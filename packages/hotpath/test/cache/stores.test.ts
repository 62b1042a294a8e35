import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { memoryStore } from 'hotpath/cache'
import { memcachedStore } from 'hotpath/cache/memcached'
import { redisStore } from 'hotpath/cache/redis'
import { cacheStoreContract } from 'hotpath/contract/cache-store'
import memjs from 'memjs'
import { contractOnRedis } from './redis-contract.js'
import { missingMemcached, type Server, startMemcached } from './servers.js'

cacheStoreContract('memory', async () => {
  const store = memoryStore()
  return { store, other: store, close: async () => {} }
})

contractOnRedis(cacheStoreContract, redisStore)

describe('Memcached', { skip: missingMemcached() ?? false }, () => {
  let server: Server
  before(async () => void (server = await startMemcached()))
  after(() => server.stop())

  cacheStoreContract('memcached, with memjs', async () => {
    const connected = () => memjs.Client.create(`127.0.0.1:${server.port}`)
    const [a, b] = [connected(), connected()]
    const close = async () => void [a.close(), b.close()]
    return { store: memcachedStore(a), other: memcachedStore(b), close }
  })
})

test('a client that is none is refused with what is expected', () => {
  assert.throws(() => redisStore({} as never), {
    code: 'HOTPATH_CACHE_OPTION',
    message: /"client" must be a client of redis 5 or 6, or of ioredis 5 or 6/,
  })
})
