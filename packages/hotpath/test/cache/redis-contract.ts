import { after, before, describe } from 'node:test'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import type { RedisClient } from '../../dist/drivers/redis/clients.js'
import { missingRedis, type Server, startRedis, startRedisCluster } from './servers.js'

interface Opened<Store> {
  readonly store: Store
  /** Of another process, as it were: over a client of its own. */
  readonly other: Store
  close(): Promise<void>
}

/** The contract of a kind of store on one server and on a cluster, with both clients. */
export function contractOnRedis<Store>(
  contract: (name: string, open: () => Promise<Opened<Store>>) => void,
  storeOf: (client: RedisClient, options: { prefix: string }) => Store,
): void {
  const opened = (a: RedisClient, b: RedisClient, prefix: string, close: () => void) => ({
    store: storeOf(a, { prefix }),
    other: storeOf(b, { prefix }),
    close: async () => close(),
  })

  describe('Redis', { skip: missingRedis() ?? false }, () => {
    let server: Server
    before(async () => void (server = await startRedis()))
    after(() => server.stop())

    contract('redis, with the client redis', async () => {
      const connected = () => createClient({ url: `redis://127.0.0.1:${server.port}` }).connect()
      const [a, b] = await Promise.all([connected(), connected()])
      return opened(a, b, 'r', () => void [a.destroy(), b.destroy()])
    })

    contract('redis, with ioredis', async () => {
      const [a, b] = [new Redis(server.port, '127.0.0.1'), new Redis(server.port, '127.0.0.1')]
      return opened(a, b, 'i', () => void [a.disconnect(), b.disconnect()])
    })
  })

  describe('Redis Cluster', { skip: missingRedis() ?? false }, () => {
    let cluster: Awaited<ReturnType<typeof startRedisCluster>>
    before(async () => void (cluster = await startRedisCluster()))
    after(() => cluster.stop())

    contract('redis cluster, with the client redis', async () => {
      const connected = async () => {
        const rootNodes = cluster.ports.map(port => ({ url: `redis://127.0.0.1:${port}` }))
        const client = createCluster({ rootNodes })
        await client.connect()
        return client
      }
      const [a, b] = await Promise.all([connected(), connected()])
      return opened(a, b, 'r', () => void [a.destroy(), b.destroy()])
    })

    contract('redis cluster, with ioredis', async () => {
      const nodes = () => cluster.ports.map(port => ({ host: '127.0.0.1', port }))
      const [a, b] = [new Cluster(nodes()), new Cluster(nodes())]
      return opened(a, b, 'i', () => void [a.disconnect(), b.disconnect()])
    })
  })
}
