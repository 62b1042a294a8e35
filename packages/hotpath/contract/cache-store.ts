import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { CacheStore } from 'hotpath/cache'

/** Two connections to the same server, as two processes have them. */
export interface OpenStores {
  readonly store: CacheStore
  readonly other: CacheStore
  close(): Promise<void>
}

/**
 * What every `CacheStore` has to do, as tests of `node:test`. A driver's own test is how to open it:
 *
 *     cacheStoreContract('redis', async () => ({ store: redisStore(a), other: redisStore(b), close }))
 *
 * The server is one of the test's own: nothing else writes to it.
 */
export function cacheStoreContract(name: string, open: () => Promise<OpenStores>): void {
  describe(`${name} as a CacheStore`, () => {
    let stores: OpenStores
    before(async () => {
      stores = await open()
    })
    after(() => stores.close())
    const both = (): readonly [CacheStore, CacheStore] => [stores.store, stores.other]

    test('has nothing at first, in the order that was asked for', async () => {
      const [store] = both()
      assert.deepEqual(await store.read(['no 1', 'no 2'], ['no 3']), {
        entries: [undefined, undefined],
        versions: [undefined],
      })
      assert.deepEqual(await store.read([], []), { entries: [], versions: [] })
    })

    test('gives back the bytes that were written, to any connection', async () => {
      const [store, other] = both()
      const values = [
        Buffer.alloc(0),
        Buffer.from([0, 10, 13, 127, 128, 255]),
        Buffer.alloc(500_000, 'x'),
        new Uint8Array(new ArrayBuffer(16), 4, 8).fill(7),
      ]
      for (const value of values) {
        await store.write('bytes', value, 60_000)
        const { entries } = await other.read(['no', 'bytes'], [])
        assert.equal(entries[0], undefined)
        assert.deepEqual(Buffer.from(entries[1] ?? []), Buffer.from(value))
      }
    })

    test('takes any text as a key, and tells all of them apart', async () => {
      const [store] = both()
      const keys = [
        'a b',
        'a\r\nb',
        'ä {x}',
        '{x}',
        '',
        ':',
        'k'.repeat(1000),
        `${'k'.repeat(999)}l`,
      ]
      for (const [i, key] of keys.entries()) await store.write(key, Buffer.from([i]), 60_000)
      const { entries } = await store.read(keys, [])
      assert.deepEqual(
        entries.map(entry => entry?.[0]),
        keys.map((_, i) => i),
      )
    })

    test('forgets what is removed, and what is past its time', async () => {
      const [store, other] = both()
      await store.write('removed', Buffer.from('v'), 60_000)
      await store.write('short', Buffer.from('v'), 1)
      await other.remove(['removed', 'never there'])
      assert.deepEqual((await store.read(['removed'], [])).entries, [undefined])
      await until(async () => (await store.read(['short'], [])).entries[0] === undefined, 'its end')
    })

    test('gives a tag one version, whoever asks, until it is renewed', async () => {
      const [store, other] = both()
      const answers = await Promise.all([
        store.ensure(['t']),
        other.ensure(['t']),
        store.ensure(['t']),
      ])
      const [version = ''] = answers[0] ?? []
      assert.ok(version.length > 0 && version.length <= 200)
      assert.deepEqual(answers, [[version], [version], [version]])
      assert.deepEqual((await other.read([], ['t', 'no'])).versions, [version, undefined])
      await other.renew(['t'])
      const { versions } = await store.read([], ['t'])
      assert.notEqual(versions[0], version)
      assert.deepEqual(await store.ensure(['t']), versions)
    })

    test('never gives a version twice', async () => {
      const [store, other] = both()
      const seen = new Set<string | undefined>()
      for (let i = 0; i < 200; i++) {
        await (i % 2 === 0 ? store : other).renew(['often'])
        seen.add((await store.read([], ['often'])).versions[0])
      }
      assert.equal(seen.size, 200)
      assert.ok(!seen.has(undefined))
    })

    test('renews many tags, also those that it has never seen', async () => {
      const [store, other] = both()
      const names = Array.from({ length: 500 }, (_, i) => `many ${i}`)
      await store.ensure(names.slice(0, 250))
      const { versions: before } = await store.read([], names)
      await store.renew(names)
      const { versions } = await other.read([], names)
      assert.ok(versions.every((version, i) => version !== undefined && version !== before[i]))
    })

    test('keeps entries, tags and leases of one name apart', async () => {
      const [store] = both()
      await store.ensure(['same'])
      assert.deepEqual((await store.read(['same'], [])).entries, [undefined])
      assert.equal(await store.lease('same', 'a', 60_000), true)
      await store.write('same', Buffer.from('v'), 60_000)
      assert.equal(await store.lease('same', 'b', 60_000), false)
      await store.release('same', 'a')
      assert.equal((await store.read(['same'], ['same'])).entries[0]?.length, 1)
    })

    test('leases to one of many at once, who may have it longer', async () => {
      const [store, other] = both()
      const holders = Array.from({ length: 20 }, (_, i) => `holder ${i}`)
      const asked = holders.map((holder, i) =>
        (i % 2 === 0 ? store : other).lease('l', holder, 60_000),
      )
      const answers = await Promise.all(asked)
      assert.equal(answers.filter(Boolean).length, 1)
      const holder = holders[answers.indexOf(true)] ?? ''
      assert.equal(await store.lease('l', holder, 60_000), true)
      await other.release('l', 'another')
      assert.equal(await other.lease('l', 'another', 60_000), false)
      await store.release('l', holder)
      assert.equal(await other.lease('l', 'another', 60_000), true)
      await other.release('l', 'another')
    })

    test('gives a lease to the next when its time is over', async () => {
      const [store, other] = both()
      assert.equal(await store.lease('lapses', 'a', 10), true)
      await until(() => other.lease('lapses', 'b', 60_000), 'the lease to lapse')
      await store.release('lapses', 'a')
      assert.equal(await store.lease('lapses', 'a', 60_000), false)
    })

    test('carries messages to all who listen, in order, until they end it; or has none', async () => {
      const [store, other] = both()
      // Some stores send none: then they have neither.
      if (store.subscribe === undefined || other.publish === undefined) {
        assert.equal(store.publish, store.subscribe)
        return
      }
      const heard: string[] = []
      let listening = false
      const end = store.subscribe(
        message => void heard.push(message),
        () => (listening = true),
      )
      await until(() => listening, 'the subscription')
      // A gap may be told of before it listens: one that was heard shows that it does.
      await until(async () => {
        await other.publish?.('hello')
        return heard.length > 0
      }, 'the first message')
      const sent = Array.from({ length: 100 }, (_, i) => `${i} "ä`)
      for (const message of sent) await other.publish(message)
      const rest = () => heard.filter(message => message !== 'hello')
      await until(() => rest().length === sent.length, 'all messages')
      assert.deepEqual(rest(), sent)
      await end()
      await other.publish('after the end')
      await store.read([], ['t'])
      assert.ok(!heard.includes('after the end'))
    })
  })
}

const DEADLINE_MS = 20_000

async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; await wait(10))
    if (await done()) return
  throw new Error(`waited in vain for ${what}`)
}
