import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { memoryStore } from 'hotpath/cache'
import { cacheOver } from '../../dist/cache/cache.js'
import { compute, currentComputation } from '../../dist/cache/computation.js'
import { Tags } from '../../dist/cache/tags.js'
import { FaultyStore } from './faults.js'
import { settled, Source } from './lab.js'
import { until } from './servers.js'

/** What reads a table below a cached function: it notes the table before it reads it. */
function table(tags: Tags, name: string) {
  let rows = 1
  return {
    async read(): Promise<number> {
      currentComputation()?.readsStatement([tags.of(name)])
      const seen = rows
      await settled()
      return seen
    },
    write(): void {
      rows++
      tags.bump([name])
    },
  }
}

describe('what a computation reads, without having said so', () => {
  test('makes it old when it changes, also through results that it was given from the cache', async () => {
    const tags = new Tags()
    const cache = cacheOver({ ttl: '1h' }, tags)
    const menu = table(tags, 'menu')
    let inner = 0
    let outer = 0
    const prices = cache(() => (inner++, menu.read()), { name: 'prices' })
    const page = cache(async () => (outer++, { prices: await prices() }), { name: 'page' })
    assert.deepEqual(await prices(), 1)
    // Its own read was a hit: its tags are handed outwards.
    assert.deepEqual(
      [await page(), await page(), outer, inner],
      [{ prices: 1 }, { prices: 1 }, 1, 1],
    )
    menu.write()
    assert.deepEqual([await page(), outer, inner], [{ prices: 2 }, 2, 2])
  })

  test('takes room in memory: of a number that was summed over rows, more than the number', async () => {
    const tags = new Tags()
    const cache = cacheOver({ ttl: '1h', maxBytes: 1_000_000 }, tags)
    const sum = cache(
      (n: number) => {
        for (let row = 0; row < 1_000; row++)
          currentComputation()?.readsStatement([tags.of(`pg:7712/5:public.rows#id=${row}`)])
        return n
      },
      { name: 'sum' },
    )
    for (let n = 0; n < 100; n++) await sum(n)
    // Each holds 1,000 tags, 48 bytes and a name of 30 letters for each.
    const { entries, bytes } = cache.stats()
    assert.ok(entries > 5 && entries <= 20 && bytes <= 1_000_000, `${entries} of ${bytes} bytes`)
  })

  test('is not kept when it changed while it ran; who joined it has read it as well', async () => {
    const tags = new Tags()
    const cache = cacheOver({ ttl: '1h' }, tags)
    const menu = table(tags, 'menu')
    const read = () => cache.getOrSet('k', menu.read)
    const before = read()
    const joined = compute(async computation => [await read(), computation] as const)
    menu.write()
    // It began before the write, and this one after it.
    const after = read()
    const [value, computation] = await joined
    assert.deepEqual([await before, value, await after, await read()], [1, 1, 2, 2])
    assert.equal(computation.statements, 1)
    assert.equal(computation.isFresh(), false)
    assert.equal(cache.stats().names['getOrSet']?.raced, 1)
  })

  test('is read by who waits for one that was under way: who comes after a change joins neither', async () => {
    const tags = new Tags()
    const cache = cacheOver({ ttl: '1h' }, tags)
    const menu = table(tags, 'menu')
    const prices = cache(menu.read, { name: 'prices' })
    const page = cache(async () => ({ prices: await prices() }), { name: 'page' })
    const before = Promise.all([prices(), page()])
    menu.write()
    const after = page()
    assert.deepEqual([await before, await after], [[1, { prices: 1 }], { prices: 2 }])
    assert.deepEqual(await page(), { prices: 2 })
  })

  test('is told to a computation of another bundle, as that of a response is', async () => {
    const tags = new Tags()
    const cache = cacheOver({ ttl: '1h' }, tags)
    const menu = table(tags, 'menu')
    const prices = cache(menu.read, { name: 'prices' })
    const page = cache(async () => ({ prices: await prices() }), { name: 'page' })
    const { href } = new URL('../../dist/cache/computation.js?another', import.meta.url)
    const another = (await import(href)) as { readonly compute: typeof compute }
    const response = () =>
      another.compute(async own => {
        assert.deepEqual(await page(), { prices: 1 })
        return own
      })
    // Computed, and then from the cache, below a page that is computed as well.
    const all = [await response(), await response()]
    await cache.delete(page.keyOf())
    all.push(await response())
    assert.deepEqual(
      all.map(({ statements, objection }) => ({ statements, objection })),
      all.map(() => ({ statements: 1, objection: '' })),
    )
    menu.write()
    assert.ok(all.every(own => !own.isFresh()))
  })

  test('may forbid to keep it, and what it is part of', async () => {
    const cache = cacheOver({ ttl: '1h' }, new Tags())
    let calls = 0
    const clock = () =>
      cache.getOrSet('now', () => (currentComputation()?.forbid('now()'), ++calls))
    const page = () =>
      cache.getOrSet('page', async () => ({ now: await clock() }), { name: 'page' })
    assert.deepEqual([await page(), await page()], [{ now: 1 }, { now: 2 }])
    assert.equal(cache.stats().names['page']?.forbidden, 2)
  })

  test('a refresh in the background is no part of who caused it', async () => {
    const tags = new Tags()
    const time = { ms: 0, origin: 0, now: () => time.ms }
    const cache = cacheOver({ ttl: 100, stale: 1000, clock: time }, tags)
    const source = new Source<number>()
    const get = () => cache.getOrSet('k', source.read)
    const first = get()
    source.answer(1)
    await first
    time.ms = 150
    const noted = await compute(async computation => (await get(), computation))
    source.answer(2)
    await settled()
    assert.equal(await get(), 2)
    assert.equal(noted.objection, '')
  })
})

describe('with a store', () => {
  test('a table that was not declared is known from the second time on, and a write reaches all', async () => {
    const store = memoryStore()
    const [one, two] = [new Tags(), new Tags()]
    const a = cacheOver({ ttl: '1h', store }, one)
    const b = cacheOver({ ttl: '1h', store: new FaultyStore(store) }, two)
    await until(() => [a, b].every(cache => cache.stats().store?.hears === true), 'messages')
    let rows = 1
    let calls = 0
    const get = (cache: typeof a, tags: Tags) =>
      cache.getOrSet('k', async () => {
        calls++
        currentComputation()?.readsStatement([tags.of('menu')])
        const seen = rows
        await settled()
        return seen
      })
    assert.equal(await get(a, one), 1)
    assert.equal(a.stats().names['getOrSet']?.unshared, 1)
    rows = 2
    // A write that was seen in this process: the cache tells its store by itself.
    one.bump(['menu'])
    await until(() => a.stats().store?.pending === 0, 'the store to be told')
    assert.equal(await get(a, one), 2)
    await settled()
    assert.equal(await get(b, two), 2)
    assert.equal(calls, 2)
    rows = 3
    two.bump(['menu'])
    await until(async () => (await get(a, one)) === 3, 'the message')
    assert.equal(await get(b, two), 3)
    await Promise.all([a.close(), b.close()])
  })

  test('all is old: so it is at the store', async () => {
    const store = memoryStore()
    const tags = new Tags()
    const a = cacheOver({ ttl: '1h', store }, tags)
    const b = cacheOver({ ttl: '1h', store: new FaultyStore(store) }, new Tags())
    let value = 1
    assert.deepEqual(
      [await a.getOrSet('k', () => value), await b.getOrSet('k', () => value)],
      [1, 1],
    )
    value = 2
    tags.bumpAll()
    await until(async () => (await b.getOrSet('k', () => value)) === 2, 'the message')
    assert.equal(await a.getOrSet('k', () => value), 2)
    await Promise.all([a.close(), b.close()])
  })
})
