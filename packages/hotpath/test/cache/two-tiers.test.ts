import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { memoryStore } from 'hotpath/cache'
import { pack, unpack } from 'msgpackr'
import { cacheOver } from '../../dist/cache/cache.js'
import { Tags } from '../../dist/cache/tags.js'
import { FaultyStore } from './faults.js'
import { type Lab, lab, settled, Source } from './lab.js'
import { until } from './servers.js'

/** Caches as two processes of an app have them, over one store. */
function processes(options: Parameters<typeof lab>[0] = {}, store = memoryStore()): [Lab, Lab] {
  return [lab({ store, ...options }), lab({ store: relayed(store), ...options })]
}

/** Each process has a store object of its own. */
const relayed = (store: ReturnType<typeof memoryStore>) => new FaultyStore(store)

const hears = (...labs: Lab[]) =>
  until(
    () => labs.every(({ cache }) => cache.stats().store?.hears === true),
    'messages to be heard',
  )

describe('two tiers', () => {
  for (const coherence of ['fast', 'checked', 'strict'] as const) {
    test(`${coherence}: what one process computed, another is given; a change reaches both`, async () => {
      const [a, b] = processes({ coherence })
      let value = 1
      let calls = 0
      const get = ({ cache }: Lab) =>
        cache.getOrSet('k', () => (calls++, { value }), { tags: ['t', 'u'] })
      await hears(a, b)
      assert.deepEqual(
        [await get(a), await get(b), await get(a), await get(b)],
        Array.from({ length: 4 }, () => ({ value: 1 })),
      )
      assert.equal(calls, 1)
      const { storeHits, hits } = b.cache.stats().names['getOrSet'] ?? {}
      assert.deepEqual({ storeHits, hits }, { storeHits: 1, hits: 1 })
      value = 2
      assert.equal(await a.cache.invalidate(['u']), true)
      await settled()
      assert.deepEqual([await get(b), await get(a)], [{ value: 2 }, { value: 2 }])
      assert.equal(calls, 2)
      await Promise.all([a.cache.close(), b.cache.close()])
    })
  }

  test('a cold key is computed once for all processes, whoever calls how often', async () => {
    const [a, b] = processes()
    const source = new Source<string>()
    const calls = [a, b].flatMap(({ cache }) =>
      Array.from({ length: 500 }, () => cache.getOrSet('k', source.read)),
    )
    await until(() => source.calls === 1, 'one computation')
    source.answer('v')
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(['v']))
    assert.equal(source.calls, 1)
    const waits = [a, b].map(({ cache }) => cache.stats().names['getOrSet']?.waits)
    assert.deepEqual(waits.sort(), [0, 1])
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('who may compute looks again: another may have just done it', async () => {
    const store = memoryStore()
    const slow = new FaultyStore(store)
    const [a, b] = [lab({ store }), lab({ store: slow, storeTimeout: '1m' })]
    await hears(a, b)
    let calls = 0
    const get = ({ cache }: Lab) => cache.getOrSet('k', () => ++calls)
    let open = (): void => {}
    slow.leaseGate = new Promise<void>(resolve => (open = resolve))
    const late = get(b)
    await settled()
    assert.equal(await get(a), 1)
    await settled()
    open()
    assert.equal(await late, 1)
    assert.equal(calls, 1)
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('in memory and from the store a value is the same, on a miss as on a hit', async () => {
    const [a, b] = processes()
    const date = new Date(5)
    const get = ({ cache }: Lab) => cache.getOrSet<unknown>('k', () => ({ date, none: undefined }))
    const expected = { date: date.toISOString() }
    assert.deepEqual([await get(a), await get(a), await get(b)], [expected, expected, expected])
    const none = ({ cache }: Lab) => cache.getOrSet('none', () => undefined)
    assert.deepEqual([await none(a), await none(b)], [undefined, undefined])
    assert.equal(b.cache.stats().names['getOrSet']?.fills, 0)
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('nor does it depend on a change while it was computed', async () => {
    const [a] = processes()
    const date = new Date(5)
    const raced = await a.cache.getOrSet<unknown>(
      'k',
      async () => {
        await a.cache.invalidate(['t'])
        return { date }
      },
      { tags: ['t'] },
    )
    assert.deepEqual(raced, { date: date.toISOString() })
    assert.equal(a.cache.stats().names['getOrSet']?.raced, 1)
    await a.cache.close()
  })

  test('msgpackr keeps dates and bytes; large values are compressed', async () => {
    const written: number[] = []
    const store = memoryStore()
    const write = store.write.bind(store)
    store.write = (key, bytes, ttl) => (written.push(bytes.length), write(key, bytes, ttl))
    const [a, b] = processes({ serializer: { serialize: pack, deserialize: unpack } }, store)
    const value = { date: new Date(5), bytes: Buffer.from('abc'), text: 'menu '.repeat(20_000) }
    const get = ({ cache }: Lab) => cache.getOrSet('k', () => value)
    assert.deepEqual(await get(a), value)
    await until(() => written.length === 1, 'the write')
    await settled()
    assert.deepEqual(await get(b), value)
    assert.ok((written[0] ?? 0) < 5_000, `${written[0]} bytes`)
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('what a serializer refuses, or cannot read, is computed', async () => {
    const [a, b] = processes()
    const get = ({ cache }: Lab) => cache.getOrSet('k', () => 7n)
    assert.deepEqual([await get(a), await get(b)], [7n, 7n])
    assert.equal(a.cache.stats().names['getOrSet']?.unkept, 1)
    await Promise.all([a.cache.close(), b.cache.close()])

    const store = memoryStore()
    const json = lab({ store })
    const packed = lab({
      store: relayed(store),
      serializer: {
        serialize: pack,
        deserialize: () => {
          throw new Error('not mine')
        },
      },
    })
    await json.cache.getOrSet('k', () => 1)
    assert.equal(await packed.cache.getOrSet('k', () => 2), 2)
    await Promise.all([json.cache.close(), packed.cache.close()])
  })

  test('what was read from the store while a change was on its way is not kept in memory', async () => {
    const store = memoryStore()
    const slow = new FaultyStore(store)
    const [a, b] = [lab({ store: slow, storeTimeout: '1m' }), lab({ store: relayed(store) })]
    await hears(a, b)
    let value = 1
    const get = ({ cache }: Lab) => cache.getOrSet('k', () => value, { tags: ['t'] })
    assert.equal(await get(b), 1)
    await settled()
    let open = (): void => {}
    slow.gate = new Promise<void>(resolve => (open = resolve))
    value = 2
    const told = a.cache.invalidate(['t'])
    // It began before the change was acknowledged.
    assert.equal(await get(a), 1)
    open()
    assert.equal(await told, true)
    assert.equal(await get(a), 2)
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('a message that was lost is noticed at the next one, whatever it is about', async () => {
    const store = memoryStore()
    const sender = new FaultyStore(store)
    const [a, b] = [lab({ store: sender }), lab({ store: relayed(store) })]
    await hears(a, b)
    let value = 1
    const get = ({ cache }: Lab) => cache.getOrSet('k', () => value, { tags: ['t'] })
    // The first message of a sender that was not known says that nothing is missing.
    await a.cache.invalidate(['first'])
    assert.deepEqual([await get(a), await get(b)], [1, 1])
    value = 2
    sender.loses = true
    await a.cache.invalidate(['t'])
    sender.loses = false
    assert.equal(await get(b), 1)
    await a.cache.invalidate(['another'])
    await settled()
    assert.equal(await get(b), 2)
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('what ran while messages were missed is not kept in memory, also when they are heard again', async () => {
    const store = memoryStore()
    const [cut, sender] = [new FaultyStore(store), new FaultyStore(store)]
    const [a, b] = [lab({ store: cut }), lab({ store: sender })]
    await hears(a, b)
    const source = new Source<string>()
    const get = () => a.cache.getOrSet('k', source.read, { tags: ['t'] })
    const running = get()
    await until(() => source.calls === 1, 'the computation')
    sender.loses = true
    await b.cache.invalidate(['t'])
    sender.loses = false
    cut.gap()
    await hears(a)
    source.answer('old')
    assert.equal(await running, 'old')
    const after = get()
    await until(() => source.calls === 2, 'another computation')
    source.answer('new')
    assert.equal(await after, 'new')
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('delete and clear reach the other process', async () => {
    const [a, b] = processes()
    await hears(a, b)
    let calls = 0
    const get = ({ cache }: Lab) => cache.getOrSet('k', () => ++calls)
    for (const forget of ['delete', 'clear'] as const) {
      const before = await get(a)
      assert.equal(await get(b), before)
      assert.equal(await a.cache[forget]('k'), true)
      await settled()
      assert.equal(await get(b), before + 1)
    }
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('what is stale at the store is given, and computed anew by one process', async () => {
    const [a, b] = processes({ stale: 10_000 })
    let calls = 0
    const get = ({ cache }: Lab) => cache.getOrSet('k', () => ++calls)
    assert.equal(await get(a), 1)
    await settled()
    a.clock.ms += 2000
    b.clock.ms += 2000
    assert.equal(await get(b), 1)
    await until(async () => (await get(b)) === 2, 'the refresh')
    assert.equal(calls, 2)
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('in grace at the store: given when the source fails, also by a process that never had it', async () => {
    const [a, b] = processes({ grace: 60_000 })
    assert.equal(await a.cache.getOrSet('k', () => 1), 1)
    await settled()
    b.clock.ms += 2000
    const failing = () => b.cache.getOrSet<number>('k', () => Promise.reject(new Error('away')))
    assert.equal(await failing(), 1)
    assert.equal(b.cache.stats().names['getOrSet']?.graceHits, 1)
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('two caches of one store in a process: neither is told twice, each has its keys', async () => {
    const store = memoryStore()
    const one = lab({ store, name: 'one' })
    const two = lab({ store, name: 'two' })
    assert.equal(await one.cache.getOrSet('k', () => 'one'), 'one')
    assert.equal(await two.cache.getOrSet('k', () => 'two'), 'two')
    await one.cache.clear()
    assert.equal(await two.cache.getOrSet('k', () => 'again'), 'two')
    assert.throws(() => one.cache(() => 1), { code: 'HOTPATH_CACHE_NAME' })
    one.cache(() => 1, { name: 'f' })
    assert.throws(() => one.cache(() => 1, { name: 'f' }), /A second function named "f"/)
    await Promise.all([one.cache.close(), two.cache.close()])
  })
})

describe('two stores in one process', () => {
  test('a change is told to each of them once, and not to and fro', async () => {
    const tags = new Tags()
    const stores = [new FaultyStore(memoryStore()), new FaultyStore(memoryStore())]
    const caches = stores.map((store, i) => cacheOver({ name: `${i}`, ttl: 1000, store }, tags))
    await until(() => caches.every(cache => cache.stats().store?.hears === true), 'messages')
    const asked = stores.map(store => store.asked)
    let value = 1
    const get = (at: number) => caches[at]?.getOrSet('k', () => value, { tags: ['t'] })
    assert.deepEqual([await get(0), await get(1)], [1, 1])
    value = 2
    await caches[0]?.invalidate(['t'])
    await until(() => caches.every(cache => cache.stats().store?.pending === 0), 'both to know')
    assert.deepEqual([await get(0), await get(1)], [2, 2])
    for (let i = 0; i < 50; i++) await settled()
    // Each fill reads, leases, reads, writes and gives back; once a version is made; a change is renewed and told.
    for (const [i, store] of stores.entries()) assert.ok(store.asked - (asked[i] ?? 0) <= 20)
    assert.throws(() => cacheOver({ name: '0', store: stores[0] as FaultyStore }, tags), {
      code: 'HOTPATH_CACHE_NAME',
    })
    await Promise.all(caches.map(cache => cache.close()))
  })
})

describe('a store that fails', () => {
  for (const fault of ['throw', 'hang'] as const) {
    test(`${fault}: is asked no more after three failures, and the process caches alone`, async () => {
      const store = new FaultyStore(memoryStore(), false)
      store.fault = fault
      const { cache } = lab({ store, storeTimeout: 5, storeRetry: '1h' })
      let calls = 0
      const get = (key: string) => cache.getOrSet(key, () => ++calls)
      for (const key of ['a', 'b', 'c']) await get(key)
      const { asked } = store
      assert.equal(asked, 3)
      assert.equal(cache.stats().store?.state, 'away')
      for (const key of ['d', 'd', 'e', 'e']) await get(key)
      assert.equal(calls, 5)
      assert.equal(store.asked, asked)
      assert.equal(await cache.invalidate(['t']), false)
      assert.equal(store.asked, asked)
      await cache.close()
    })
  }

  test('a call waits for it once, however much it would have to ask', async () => {
    const store = new FaultyStore(memoryStore(), false)
    store.fault = 'hang'
    const { cache } = lab({ store, coherence: 'checked', storeTimeout: 5, storeRetry: '1h' })
    await cache.getOrSet('k', () => 1)
    assert.equal(store.asked, 1)
    await cache.close()
  })

  test('a change that it was not told of is told before it is used again', async () => {
    const inner = memoryStore()
    const store = new FaultyStore(inner)
    const a = lab({ store, storeTimeout: 5, storeRetry: 1 })
    const b = lab({ store: relayed(inner) })
    let value = 1
    const get = ({ cache }: Lab) => cache.getOrSet('k', () => value, { tags: ['t'] })
    assert.deepEqual([await get(a), await get(b)], [1, 1])
    store.fault = 'throw'
    value = 2
    assert.equal(await a.cache.invalidate(['t']), false)
    assert.equal(a.cache.stats().store?.pending, 1)
    assert.equal(await get(a), 2)
    store.fault = 'none'
    await until(() => a.cache.stats().store?.state === 'used', 'it to be used again')
    assert.equal(a.cache.stats().store?.pending, 0)
    await settled()
    assert.deepEqual([await get(a), await get(b)], [2, 2])
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('what memory had before is not given when the store can be asked no more', async () => {
    const inner = memoryStore()
    const store = new FaultyStore(inner, false)
    const a = lab({ store, storeTimeout: 5, storeRetry: 5 })
    const b = lab({ store: new FaultyStore(inner, false) })
    let value = 1
    const get = ({ cache }: Lab) => cache.getOrSet('k', () => value, { tags: ['t'] })
    assert.deepEqual([await get(a), await get(b)], [1, 1])
    value = 2
    assert.equal(await b.cache.invalidate(['t']), true)
    store.fault = 'throw'
    for (let i = 0; a.cache.stats().store?.state === 'used'; i++)
      await a.cache.getOrSet(`other ${i}`, () => i)
    assert.deepEqual([await get(a), await get(a)], [2, 2])
    value = 3
    assert.equal(await b.cache.invalidate(['t']), true)
    // Alone it did not hear of that; back, it does not go on with what it kept alone.
    assert.equal(await get(a), 2)
    store.fault = 'none'
    await until(() => a.cache.stats().store?.state === 'used', 'it to be used again')
    assert.equal(await get(a), 3)
    await Promise.all([a.cache.close(), b.cache.close()])
  })

  test('strict: nothing is answered from the cache while it is away', async () => {
    const store = new FaultyStore(memoryStore())
    const { cache } = lab({ store, coherence: 'strict', storeTimeout: 5, storeRetry: 1 })
    let calls = 0
    const get = () => cache.getOrSet('k', () => ++calls, { tags: ['t'] })
    assert.deepEqual([await get(), await get()], [1, 1])
    store.fault = 'throw'
    assert.equal(await cache.invalidate(['t']), false)
    assert.deepEqual([await get(), await get()], [2, 3])
    assert.equal(cache.stats().names['getOrSet']?.bypassed, 2)
    store.fault = 'none'
    await until(() => cache.stats().store?.state === 'used', 'it to be used again')
    assert.deepEqual([await get(), await get()], [4, 4])
    await cache.close()
  })
})
