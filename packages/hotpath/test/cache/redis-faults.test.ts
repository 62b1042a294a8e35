import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Cache, type CacheOptions, type CacheStore } from 'hotpath/cache'
import { redisStore } from 'hotpath/cache/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { cacheOver } from '../../dist/cache/cache.js'
import { Tags } from '../../dist/cache/tags.js'
import { missingRedis, redisCli, type Server, startRedis, until } from './servers.js'

interface Client {
  readonly store: CacheStore
  close(): void
}

const CLIENTS: Record<string, (port: number) => Promise<Client>> = {
  // With the queue that is the client's default: what waits in it must not come out wrong afterwards.
  redis: async port => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` })
    client.on('error', () => {})
    await client.connect()
    return { store: redisStore(client), close: () => client.destroy() }
  },
  ioredis: async port => {
    const client = new Redis(port, '127.0.0.1')
    client.on('error', () => {})
    return { store: redisStore(client), close: () => client.disconnect() }
  },
}

for (const [kind, connect] of Object.entries(CLIENTS)) {
  describe(`Redis that is treated badly, with ${kind}`, { skip: missingRedis() ?? false }, () => {
    let server: Server
    let clients: Client[]
    let caches: Cache[]
    before(async () => void (server = await startRedis()))
    after(() => server.stop())
    beforeEach(() => {
      clients = []
      caches = []
    })
    afterEach(async () => {
      await Promise.all(caches.map(cache => cache.close()))
      for (const client of clients) client.close()
      redisCli(server.port, 'flushall')
    })

    /** A cache as a process of its own has it. */
    const process_ = async (options: CacheOptions = {}): Promise<Cache> => {
      const client = await connect(server.port)
      clients.push(client)
      const cache = cacheOver(
        { ttl: '1h', storeRetry: 5, store: client.store, ...options },
        new Tags(),
      )
      caches.push(cache)
      return cache
    }
    const used = (...all: Cache[]) =>
      until(() => all.every(one => one.stats().store?.state === 'used'), 'the store to be used')
    const hears = (...all: Cache[]) =>
      until(() => all.every(one => one.stats().store?.hears === true), 'messages to be heard')

    test('killed and empty again: goes on alone, is used again, and nothing old is left', async () => {
      const [a, b] = [await process_(), await process_()]
      let value = 1
      const get = (cache: Cache) => cache.getOrSet('k', () => value, { tags: ['t'] })
      await hears(a, b)
      assert.deepEqual([await get(a), await get(b)], [1, 1])
      await server.kill()
      value = 2
      assert.equal(await a.invalidate(['t']), false)
      for (let i = 0; i < 20; i++) {
        assert.equal(await get(a), 2)
        await b.getOrSet(`other ${i}`, () => i)
      }
      await server.start()
      await used(a, b)
      await hears(a, b)
      assert.deepEqual([await get(a), await get(b)], [2, 2])
      assert.equal(a.stats().store?.pending, 0)
    })

    test('paused: what was not told it in time is told before it is used again', async () => {
      const [a, b] = [await process_(), await process_()]
      let value = 1
      let calls = 0
      const get = (cache: Cache, key: string) =>
        cache.getOrSet(key, () => (calls++, value), { tags: ['t'] })
      await hears(a, b)
      for (const key of ['k', 'l']) assert.deepEqual([await get(a, key), await get(b, key)], [1, 1])
      server.pause()
      value = 2
      assert.equal(await a.invalidate(['t']), false)
      calls = 0
      // Left alone from then on: no call of these waits for it.
      for (const key of ['k', 'l', 'm']) assert.equal(await get(a, key), 2)
      assert.equal(calls, 3)
      assert.equal(a.stats().store?.state, 'away')
      server.resume()
      await used(a)
      await until(async () => (await get(b, 'k')) === 2, 'the message')
      assert.deepEqual([await get(a, 'k'), await get(b, 'l')], [2, 2])
    })

    test('messages cut off: what was changed meanwhile is not given from memory', async () => {
      const [a, b] = [await process_(), await process_()]
      let value = 1
      const get = (cache: Cache) => cache.getOrSet('k', () => value, { tags: ['t'] })
      await hears(a, b)
      assert.deepEqual([await get(a), await get(b)], [1, 1])
      redisCli(server.port, 'client', 'kill', 'type', 'pubsub')
      value = 2
      await a.invalidate(['t'])
      await until(async () => (await get(b)) === 2, 'the gap to be noticed')
      await hears(a, b)
      assert.equal(await get(b), 2)
    })

    test('checked: no answer older than what was acknowledged, while it is paused and killed', async () => {
      const all = [
        await process_({ coherence: 'checked' }),
        await process_({ coherence: 'checked' }),
      ]
      let version = 1
      let floor = 1
      let acknowledged = 0
      const write = async (cache: Cache) => {
        const mine = ++version
        if (await cache.invalidate(['t'])) {
          floor = Math.max(floor, mine)
          acknowledged++
        }
      }
      const read = async (cache: Cache) => {
        const least = floor
        const found = await cache.getOrSet('k', () => version, { tags: ['t'] })
        assert.ok(found >= least, `${found} after ${least} was acknowledged`)
      }
      const round = async () => {
        for (let i = 0; i < 30; i++)
          await Promise.all(all.flatMap(cache => [read(cache), write(cache), read(cache)]))
      }
      await round()
      assert.ok(acknowledged > 0)
      server.pause()
      await round()
      server.resume()
      await round()
      await used(...all)
      await round()
      await server.kill()
      await round()
      await server.start()
      await round()
      await used(...all)
      const before = acknowledged
      await round()
      assert.ok(acknowledged > before)
    })

    test('who computed a key for all is killed: another does, once its lease is over', async () => {
      const app = fileURLToPath(new URL('apps/holder.js', import.meta.url))
      const url = `redis://127.0.0.1:${server.port}`
      const holder = spawn(process.execPath, [app, url], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(holder.stdout, 'data')
      const cache = await process_({ name: 'shop', lease: '500ms' })
      let computed = false
      const waiting = cache.getOrSet('k', () => (computed = true))
      await until(() => redisCli(server.port, 'exists', 'hotpath:l:shop:k') === '1', 'the lease')
      assert.equal(computed, false)
      const exit = once(holder, 'exit')
      holder.kill('SIGKILL')
      await exit
      assert.equal(await waiting, true)
      assert.equal(cache.stats().names['getOrSet']?.misses, 1)
    })

    test('a version that the store lost makes a miss, and never an old hit', async () => {
      const b = await process_()
      let value = 1
      const get = (cache: Cache) => cache.getOrSet('k', () => value, { tags: ['t'] })
      // A store that takes longer than 50 ms on a busy machine is not written to: then another tries.
      await until(async () => {
        assert.equal(await get(await process_()), 1)
        return redisCli(server.port, 'exists', 'hotpath:e:cache:k') === '1'
      }, 'the entry')
      redisCli(server.port, 'del', 'hotpath:t:t')
      value = 2
      assert.equal(await get(b), 2)
    })
  })
}
