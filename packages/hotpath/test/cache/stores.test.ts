import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { memoryStore } from 'hotpath/cache'
import { memcachedStore } from 'hotpath/cache/memcached'
import { redisStore } from 'hotpath/cache/redis'
import { cacheStoreContract } from 'hotpath/contract/cache-store'
import { Cluster, Redis } from 'ioredis'
import memjs from 'memjs'
import { createClient, createCluster } from 'redis'
import {
  missingMemcached,
  missingRedis,
  type Server,
  startMemcached,
  startRedis,
  startRedisCluster,
} from './servers.js'

cacheStoreContract('memory', async () => {
  const store = memoryStore()
  return { store, other: store, close: async () => {} }
})

describe('Redis', { skip: missingRedis() ?? false }, () => {
  let server: Server
  before(async () => void (server = await startRedis()))
  after(() => server.stop())

  cacheStoreContract('redis, with the client redis', async () => {
    const connected = () => createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
    const [a, b] = await Promise.all([connected(), connected()])
    const close = async () => void [a.destroy(), b.destroy()]
    return { store: redisStore(a, { prefix: 'r' }), other: redisStore(b, { prefix: 'r' }), close }
  })

  cacheStoreContract('redis, with ioredis', async () => {
    const [a, b] = [new Redis(server.port, '127.0.0.1'), new Redis(server.port, '127.0.0.1')]
    const close = async () => void [a.disconnect(), b.disconnect()]
    return { store: redisStore(a, { prefix: 'i' }), other: redisStore(b, { prefix: 'i' }), close }
  })
})

describe('Redis Cluster', { skip: missingRedis() ?? false }, () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>
  before(async () => void (cluster = await startRedisCluster()))
  after(() => cluster.stop())

  cacheStoreContract('redis cluster, with the client redis', async () => {
    const connected = async () => {
      const rootNodes = cluster.ports.map(port => ({ url: `redis://127.0.0.1:${port}` }))
      const client = createCluster({ rootNodes })
      await client.connect()
      return client
    }
    const [a, b] = await Promise.all([connected(), connected()])
    const close = async () => void [a.destroy(), b.destroy()]
    return { store: redisStore(a, { prefix: 'r' }), other: redisStore(b, { prefix: 'r' }), close }
  })

  cacheStoreContract('redis cluster, with ioredis', async () => {
    const nodes = () => cluster.ports.map(port => ({ host: '127.0.0.1', port }))
    const [a, b] = [new Cluster(nodes()), new Cluster(nodes())]
    const close = async () => void [a.disconnect(), b.disconnect()]
    return { store: redisStore(a, { prefix: 'i' }), other: redisStore(b, { prefix: 'i' }), close }
  })
})

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
