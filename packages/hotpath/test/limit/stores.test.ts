import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { limitStoreContract } from 'hotpath/contract/limit-store'
import { type Decision, limit, memoryLimits } from 'hotpath/limit'
import { redisLimits } from 'hotpath/limit/redis'
import { Redis } from 'ioredis'
import { createClient, createSentinel } from 'redis'
import { contractOnRedis } from '../cache/redis-contract.js'
import {
  missingRedis,
  redisCli,
  type Server,
  startRedis,
  startRedisSentinel,
} from '../cache/servers.js'

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

const clients = {
  async redis(port: number) {
    const client = await createClient({ url: `redis://127.0.0.1:${port}` }).connect()
    return { store: redisLimits(client), close: () => client.destroy() }
  },
  async ioredis(port: number) {
    const client = new Redis(port, '127.0.0.1')
    await client.ping()
    return { store: redisLimits(client), close: () => client.disconnect() }
  },
}

for (const [name, connect] of Object.entries(clients))
  describe(`decisions that are asked for at once, with ${name}`, {
    skip: missingRedis() ?? false,
  }, () => {
    let server: Server
    let connected: Awaited<ReturnType<typeof connect>>
    before(async () => {
      server = await startRedis()
      connected = await connect(server.port)
    })
    after(() => {
      connected?.close()
      return server?.stop()
    })
    const of = (namespace: string) => limit({ rate: '10/h', namespace, store: connected.store })
    const commands = (): number => {
      const [, calls] = /cmdstat_evalsha:calls=(\d+)/.exec(
        redisCli(server.port, 'info', 'commandstats'),
      ) ?? ['', '0']
      return Number(calls)
    }

    test('leave in few commands, also when the server has forgotten the script', async () => {
      const limiter = of('few')
      const all = () => Promise.all(Array.from({ length: 64 }, (_, n) => limiter.take(`few ${n}`)))
      await all()
      redisCli(server.port, 'config', 'resetstat')
      const decisions = await all()
      assert.equal(commands(), 2)
      redisCli(server.port, 'script', 'flush')
      decisions.push(...(await all()))
      assert.deepEqual(
        decisions.map(({ remaining, alone }) => [remaining, alone]),
        decisions.map((_, n) => [n < 64 ? 8 : 7, false]),
      )
    })

    test('are each decided as if they were asked for one after another', async () => {
      const [together, apart] = [of('together'), of('apart')]
      const asked = Array.from({ length: 90 }, (_, n) => ({ key: `k${n % 3}`, cost: n % 5 }))
      const many = await Promise.all(asked.map(({ key, cost }) => together.take(key, { cost })))
      const single: Decision[] = []
      for (const { key, cost } of asked) single.push(await apart.take(key, { cost }))
      const told = (decisions: readonly Decision[]) =>
        decisions.map(({ allowed, remaining, reason, alone }) => [
          allowed,
          remaining,
          reason,
          alone,
        ])
      assert.deepEqual(told(many), told(single))
      assert.ok(many.some(({ allowed }) => !allowed))
    })

    test('a key that holds something else is no fault of the others', async () => {
      redisCli(server.port, 'lpush', 'hotpath:limit:g:odd:bob', '1')
      redisCli(server.port, 'set', 'hotpath:limit:g:odd:dan', 'no number')
      const limiter = of('odd')
      const decisions = await Promise.all(
        ['ann', 'bob', 'cid', 'dan', 'eve'].map(key => limiter.take(key)),
      )
      assert.deepEqual(
        decisions.map(({ alone }) => alone),
        [false, true, false, true, false],
      )
      // Charged once, here or there.
      assert.deepEqual(
        decisions.map(({ remaining }) => remaining),
        [9, 9, 9, 9, 9],
      )
    })
  })

test('ioredis: what is asked for at once leaves in few writes', {
  skip: missingRedis() ?? false,
}, async () => {
  const server = await startRedis()
  const client = new Redis(server.port, '127.0.0.1')
  try {
    const one = limit({ rate: '100/h', namespace: 'written', store: redisLimits(client) })
    const two = limit({
      rate: ['100/h', '1000/d'],
      namespace: 'written',
      store: redisLimits(client),
    })
    // The server knows the scripts from now on.
    await one.take('ann')
    await Promise.all([one.take('ann'), one.take('ann'), two.take('ann')])
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
    const written = async (run: () => Promise<Decision>[]): Promise<number> => {
      writes = 0
      const decisions = await Promise.all(run())
      assert.ok(decisions.every(({ alone }) => !alone))
      return writes
    }
    // 32 in each.
    assert.equal(await written(() => Array.from({ length: 64 }, () => one.take('ann'))), 2)
    // Each a command; eight in each.
    assert.equal(await written(() => Array.from({ length: 64 }, () => two.take('ann'))), 8)
    // Of the next turn too: nothing is left in the socket.
    assert.equal(await written(() => [one.take('ann')]), 1)
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
