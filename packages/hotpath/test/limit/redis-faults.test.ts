import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, afterEach, before, describe, test } from 'node:test'
import { type Decision, limit, type LimitOptions, type LimitStore } from 'hotpath/limit'
import { redisLimits } from 'hotpath/limit/redis'
import { Cluster, Redis } from 'ioredis'
import { createClient } from 'redis'
import {
  missingRedis,
  redisCli,
  type Server,
  startRedis,
  startRedisCluster,
  until,
} from '../cache/servers.js'
import { comes } from '../serve/cached-server.js'

interface Connected {
  readonly store: LimitStore
  close(): void
}

const clients: Readonly<Record<string, (port: number) => Promise<Connected>>> = {
  async redis(port) {
    const client = createClient({ url: `redis://127.0.0.1:${port}` })
    client.on('error', () => {})
    await client.connect()
    return { store: redisLimits(client), close: () => client.destroy() }
  },
  async ioredis(port) {
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 })
    client.on('error', () => {})
    await client.ping()
    return { store: redisLimits(client), close: () => client.disconnect() }
  },
}

let names = 0
const five = (store: LimitStore, more: Partial<LimitOptions> = {}) =>
  limit({ rate: '5/h', namespace: `limit ${++names}`, ...more, store } as LimitOptions & {
    store: LimitStore
  })
type Limit = ReturnType<typeof five>

async function take(limiter: Limit, n: number, key = 'ann'): Promise<Decision[]> {
  const decisions: Decision[] = []
  for (let i = 0; i < n; i++)
    decisions.push(await comes(limiter.take(key), 'a decision while the store is silent'))
  return decisions
}
const allowed = (decisions: readonly Decision[]) =>
  decisions.filter(decision => decision.allowed).length
const isAlone = async (limiter: Limit) => {
  const { alone } = await comes(limiter.take('probe', { cost: 0 }), 'a decision')
  return alone
}
const back = (limiter: Limit) =>
  until(async () => !(await isAlone(limiter)), 'the store to be used again')

for (const [name, connect] of Object.entries(clients))
  describe(`limits at a Redis that fails, with ${name}`, { skip: missingRedis() ?? false }, () => {
    let server: Server
    const open: Connected[] = []
    before(async () => void (server = await startRedis()))
    // A test that failed between the two has left it paused.
    afterEach(() => server.resume())
    after(() => {
      for (const { close } of open) close()
      return server.stop()
    })
    const store = async () => {
      const connected = await connect(server.port)
      open.push(connected)
      return connected.store
    }

    for (const fault of ['paused', 'killed, and empty when it is back'] as const)
      test(`${fault}: this process goes on alone, and nobody has a second burst`, async () => {
        const limiter = five(await store())
        assert.equal(allowed(await take(limiter, 3)), 3)
        if (fault === 'paused') server.pause()
        else await server.kill()
        const meanwhile = await take(limiter, 4)
        assert.ok(meanwhile.every(({ alone }) => alone))
        assert.deepEqual(
          meanwhile.map(({ reason }) => reason),
          [undefined, undefined, 'rate', 'rate'],
          'two of five were left',
        )
        assert.equal((await limiter.take('bob')).allowed, true, 'others are let in')
        if (fault === 'paused') server.resume()
        else await server.start()
        await back(limiter)
        const after = await take(limiter, 3)
        assert.deepEqual(
          after.map(({ alone }) => alone),
          [false, false, false],
        )
        assert.equal(allowed(after), 0, 'what was let through meanwhile counts')
        assert.equal(allowed(await take(limiter, 6, 'bob')), 4)
        const other = limit({ rate: '5/h', namespace: `limit ${names}`, store: await store() })
        assert.equal(allowed(await take(other, 2)), 0, 'for all processes')
      })

    test('several windows and a sliding one are handed over and back as well', async () => {
      for (const options of [
        { rate: ['5/h', '50/d'] },
        { rate: '5/h', algorithm: 'sliding-window' },
        { rate: '5/h', penalty: { after: 100, for: '1h' } },
      ] as const) {
        const limiter = five(await store(), options)
        assert.equal(allowed(await take(limiter, 3)), 3)
        await server.kill()
        assert.equal(allowed(await take(limiter, 4)), 2, JSON.stringify(options))
        await server.start()
        await back(limiter)
        assert.equal(allowed(await take(limiter, 3)), 0, JSON.stringify(options))
      }
    })

    test('two processes have half each while it is away', async () => {
      const shared = await store()
      await shared.instances?.('another process')
      const limiter = five(shared, { rate: '6/h' })
      await limiter.take('bob')
      await until(async () => {
        const decision = await limiter.take('bob', { cost: 0 })
        return !decision.alone
      }, 'an answer')
      server.pause()
      assert.equal(allowed(await take(limiter, 6, 'carl')), 3)
      server.resume()
      await back(limiter)
      // As if the other had let through as many: half of the whole is its.
      assert.equal(allowed(await take(limiter, 6, 'carl')), 0)
    })

    test('open lets all through, closed none, and says that it is not their fault', async () => {
      const shared = await store()
      const open_ = five(shared, { onStoreFailure: 'open' })
      const closed = five(shared, { onStoreFailure: 'closed' })
      server.pause()
      assert.equal(allowed(await take(open_, 10)), 10)
      const refused = await take(closed, 2)
      assert.deepEqual(
        refused.map(({ allowed: yes, reason, alone }) => ({ yes, reason, alone })),
        [1, 2].map(() => ({ yes: false, reason: 'store', alone: true })),
      )
      server.resume()
      await back(open_)
      assert.equal(allowed(await take(closed, 6)), 5)
    })

    test('scripts that the server has forgotten are sent again', async () => {
      const limiter = five(await store())
      for (let n = 0; n < 5; n++) {
        redisCli(server.port, 'script', 'flush')
        const { allowed: yes, alone } = await limiter.take('ann')
        assert.deepEqual({ yes, alone }, { yes: true, alone: false })
      }
      assert.equal((await limiter.take('ann')).allowed, false)
    })

    test('restarted with its data: what was spent is spent', async () => {
      const kept = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
      const connected = await connect(kept.port)
      try {
        const limiter = five(connected.store)
        assert.equal(allowed(await take(limiter, 5)), 5)
        await kept.kill()
        await kept.start()
        await back(limiter)
        const [decision] = await take(limiter, 1)
        assert.equal(decision?.allowed, false)
      } finally {
        connected.close()
        await kept.stop()
      }
    })
  })

test('a cluster whose slots move: nothing is lost and nothing counted twice', {
  skip: missingRedis() ?? false,
}, async () => {
  const cluster = await startRedisCluster()
  const client = new Cluster(cluster.ports.map(port => ({ host: '127.0.0.1', port })))
  client.on('error', () => {})
  try {
    const limiter = limit({ rate: '50/h', namespace: 'moving', store: redisLimits(client) })
    assert.equal(allowed(await take(limiter, 10)), 10)
    const [key = ''] = (
      await Promise.all(cluster.ports.map(async port => cli(port, 'keys', '*moving:ann')))
    ).filter(text => text !== '')
    move(cluster.ports, key)
    const rest = await take(limiter, 60)
    assert.equal(allowed(rest), 40)
    assert.ok(rest.every(({ alone }) => !alone))
  } finally {
    client.disconnect()
    await cluster.stop()
  }
})

const cli = (port: number, ...args: string[]) =>
  execFileSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).trim()

/** Gives the slot of a key, with what is in it, to another master, as a resharding does. */
function move(ports: readonly number[], key: string): void {
  const slot = cli(ports[0] as number, 'cluster', 'keyslot', key)
  const ids = new Map(ports.map(port => [port, cli(port, 'cluster', 'myid')]))
  const from = ports.find(port => cli(port, 'cluster', 'countkeysinslot', slot) !== '0') as number
  const to = ports.find(port => port !== from) as number
  cli(to, 'cluster', 'setslot', slot, 'importing', ids.get(from) as string)
  cli(from, 'cluster', 'setslot', slot, 'migrating', ids.get(to) as string)
  cli(from, 'migrate', '127.0.0.1', String(to), key, '0', '5000')
  for (const port of [to, from])
    cli(port, 'cluster', 'setslot', slot, 'node', ids.get(to) as string)
}
