import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cache as shared, createCache } from 'hotpath/cache'
import { lab, settled, Source } from './lab.js'

describe('a cached function', () => {
  test('is called once for equal arguments, until its ttl is over', async () => {
    const { cache, clock } = lab()
    let calls = 0
    const double = cache(
      (n: number, { unit }: { unit: string }) => ({ twice: n * 2, unit, call: ++calls }),
      {
        name: 'double',
        ttl: '30s',
      },
    )
    assert.deepEqual(await double(2, { unit: 'a' }), { twice: 4, unit: 'a', call: 1 })
    assert.deepEqual(await double(2, { unit: 'a' }), { twice: 4, unit: 'a', call: 1 })
    assert.deepEqual(await double(3, { unit: 'a' }), { twice: 6, unit: 'a', call: 2 })
    assert.deepEqual(await double(2, { unit: 'b' }), { twice: 4, unit: 'b', call: 3 })
    clock.ms += 30_000
    assert.deepEqual(await double(2, { unit: 'a' }), { twice: 4, unit: 'a', call: 4 })
    const { hits, misses, fills } = cache.stats().names['double'] ?? {}
    assert.deepEqual({ hits, misses, fills }, { hits: 1, misses: 4, fills: 4 })
  })

  test('tells 7 from "7", undefined from null, and does not care for the order of fields', async () => {
    const { cache } = lab()
    const keyOf = cache((...all: unknown[]) => all.length, { name: 'f' }).keyOf
    const keys = [
      [7],
      ['7'],
      [null],
      [undefined],
      [7n],
      [Number.NaN],
      [],
      [[7]],
      ['a', 'b'],
      ['a,b'],
    ]
    assert.equal(new Set(keys.map(args => keyOf(...args))).size, keys.length)
    assert.equal(keyOf({ a: 1, b: 2 }), keyOf({ b: 2, a: 1 }))
    assert.throws(() => keyOf(new Map()), { code: 'HOTPATH_CACHE_OPTION' })
  })

  test('has the types of the function', async () => {
    const { cache } = lab()
    const lengthOf = cache(async (text: string, more: number) => text.length + more, {
      name: 'length',
    })
    const length: number = await lengthOf('abc', 4)
    const got: 'v' = await cache.getOrSet('typed', () => 'v' as const)
    assert.deepEqual([length, got], [7, 'v'])
    // @ts-expect-error: a text is expected
    await lengthOf(1)
    // @ts-expect-error: tags are made of the function's own arguments
    cache((n: number) => n, { name: 'n', tags: (text: string) => [text] })
  })

  test('keeps two functions of one name apart', async () => {
    const { cache } = lab()
    const [one, two] = [cache(() => 1, { name: 'n' }), cache(() => 2, { name: 'n' })]
    assert.deepEqual([await one(), await two(), await one()], [1, 2, 1])
  })

  test('forgets one call, by arguments and by key', async () => {
    const { cache } = lab()
    let calls = 0
    const next = cache((step: number) => (calls += step), { name: 'next' })
    assert.equal(await next(1), 1)
    await next.delete(1)
    assert.equal(await next(1), 2)
    await cache.delete(next.keyOf(1))
    assert.equal(await next(1), 3)
    await cache.clear()
    assert.equal(await next(1), 4)
  })

  test('the cache of the process works by itself', async () => {
    let calls = 0
    const next = () => ++calls
    assert.equal(await shared.getOrSet('of the process', next, { ttl: '1m', tags: ['p'] }), 1)
    assert.equal(await shared.getOrSet('of the process', next, { ttl: '1m' }), 1)
    assert.equal(await shared.invalidate(['p']), true)
    assert.equal(await shared.getOrSet('of the process', next, { ttl: '1m' }), 2)
  })
})

describe('one computation at a time', () => {
  test('a thousand callers of a cold key wait for one', async () => {
    const { cache } = lab()
    const source = new Source<string>()
    const calls = Array.from({ length: 1000 }, () => cache.getOrSet('k', source.read))
    source.answer('v')
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(['v']))
    assert.equal(source.calls, 1)
    assert.equal(cache.stats().names['getOrSet']?.joins, 999)
  })

  test('its failure is told to all who wait, and not kept', async () => {
    const { cache } = lab()
    const source = new Source<string>()
    const calls = [cache.getOrSet('k', source.read), cache.getOrSet('k', source.read)]
    source.fail(new Error('no'))
    for (const one of await Promise.allSettled(calls)) assert.equal(one.status, 'rejected')
    const again = cache.getOrSet('k', source.read)
    source.answer('v')
    assert.equal(await again, 'v')
  })

  test('who comes after a change of what it read does not join it, and it is not kept', async () => {
    const { cache } = lab()
    const source = new Source<string>()
    const options = { tags: ['t'] }
    const before = cache.getOrSet('k', source.read, options)
    await cache.invalidate(['t'])
    const after = cache.getOrSet('k', source.read, options)
    assert.equal(source.calls, 2)
    source.answer('old')
    source.answer('new')
    assert.deepEqual([await before, await after], ['old', 'new'])
    assert.equal(await cache.getOrSet('k', source.read, options), 'new')
    assert.equal(cache.stats().names['getOrSet']?.raced, 1)
  })

  test('nor what was deleted, or cleared, while it ran', async () => {
    for (const forget of ['delete', 'clear'] as const) {
      const { cache } = lab()
      const source = new Source<string>()
      const alone = cache.getOrSet('k', source.read)
      await cache[forget]('k')
      source.answer('older')
      assert.equal(await alone, 'older')
      const before = cache.getOrSet('k', source.read)
      assert.equal(source.calls, 2)
      await cache[forget]('k')
      const after = cache.getOrSet('k', source.read)
      source.answer('old')
      source.answer('new')
      assert.deepEqual([await before, await after], ['old', 'new'])
      assert.equal(await cache.getOrSet('k', source.read), 'new')
    }
  })
})

describe('past its ttl', () => {
  test('a result is given while it is computed anew, as long as `stale` says', async () => {
    const { cache, clock } = lab({ stale: 5000 })
    const source = new Source<number>()
    const get = () => cache.getOrSet('k', source.read)
    const first = get()
    source.answer(1)
    await first
    clock.ms += 1500
    assert.deepEqual([await get(), await get()], [1, 1])
    assert.equal(source.calls, 2)
    source.answer(2)
    await settled()
    assert.equal(await get(), 2)
    clock.ms += 6000
    const anew = get()
    source.answer(3)
    assert.equal(await anew, 3)
  })

  test('`grace` gives it when the source fails, and leaves the source alone for a second', async () => {
    const { cache, clock } = lab({ grace: 60_000 })
    const source = new Source<number>()
    const get = () => cache.getOrSet('k', source.read, { tags: ['t'] })
    const first = get()
    source.answer(1)
    await first
    clock.ms += 2000
    const failing = get()
    source.fail(new Error('away'))
    assert.equal(await failing, 1)
    assert.equal(await get(), 1)
    // The second one was given at once, and asked in the background no earlier than after a second.
    assert.equal(source.calls, 2)
    await cache.invalidate(['t'])
    const old = get()
    source.fail(new Error('away'))
    await assert.rejects(old, /away/)
  })

  test('`grace` does not give what was invalidated while the source failed', async () => {
    const { cache, clock } = lab({ grace: 60_000 })
    const source = new Source<number>()
    const get = () => cache.getOrSet('k', source.read, { tags: ['t'] })
    const first = get()
    source.answer(1)
    await first
    clock.ms += 2000
    const failing = get()
    await cache.invalidate(['t'])
    source.fail(new Error('away'))
    await assert.rejects(failing, /away/)
  })

  test('`early` computes anew before the end, with jitter, and no caller waits for it', async () => {
    const { cache, clock } = lab({ early: 0.2 })
    const source = new Source<number>()
    const get = () => cache.getOrSet('k', source.read)
    const first = get()
    source.answer(1)
    await first
    // Of 1,000 ms the last 200, of which half are drawn: 150 with 0.5.
    clock.ms += 849
    await get()
    assert.equal(source.calls, 1)
    clock.ms += 1
    assert.equal(await get(), 1)
    assert.equal(source.calls, 2)
    source.answer(2)
    await settled()
    assert.equal(await get(), 2)
  })

  test('`jitter` spreads the ends of what was made at once', async () => {
    let drawn = 0
    const { cache, clock } = lab({ jitter: 0.5, random: () => (drawn = (drawn + 0.1) % 1) })
    for (let i = 0; i < 10; i++) await cache.getOrSet(`k${i}`, () => 'old')
    clock.ms += 750
    const values = []
    for (let i = 0; i < 10; i++) values.push(await cache.getOrSet(`k${i}`, () => 'new'))
    assert.ok(values.includes('old') && values.includes('new'), values.join())
  })
})

describe('nothing and failures', () => {
  test('undefined and null are kept like others, or for `noneTtl`', async () => {
    for (const none of [undefined, null]) {
      const { cache, clock } = lab({ noneTtl: 100 })
      let calls = 0
      const get = () => cache.getOrSet('k', () => (calls++, none))
      assert.deepEqual([await get(), await get(), calls], [none, none, 1])
      clock.ms += 100
      assert.deepEqual([await get(), calls], [none, 2])
    }
    const { cache } = lab({ noneTtl: 0 })
    let calls = 0
    for (let i = 0; i < 3; i++) await cache.getOrSet('k', () => void calls++)
    assert.equal(calls, 3)
  })

  test('failures are kept for `errorTtl`, where it is given', async () => {
    const { cache, clock } = lab({ errorTtl: 100 })
    let calls = 0
    const get = () =>
      cache.getOrSet('k', () => {
        throw new Error(`call ${++calls}`)
      })
    await assert.rejects(get(), /call 1/)
    await assert.rejects(get(), /call 1/)
    clock.ms += 100
    await assert.rejects(get(), /call 2/)
  })
})

describe('slow sources', () => {
  test('`hardTimeout` tells the caller, and what comes later is kept', async () => {
    const { cache } = lab({ hardTimeout: 5 })
    const source = new Source<string>()
    await assert.rejects(cache.getOrSet('k', source.read, { name: 'slow' }), {
      code: 'HOTPATH_CACHE_TIMEOUT',
    })
    source.answer('late')
    await settled()
    assert.equal(await cache.getOrSet('k', source.read), 'late')
    assert.equal(cache.stats().names['slow']?.timeouts, 1)
  })

  test('who is late and was given up, and whose key was deleted meanwhile, is not kept', async () => {
    const { cache, clock } = lab({ hardTimeout: 5 })
    const source = new Source<string>()
    const get = () => cache.getOrSet('k', source.read)
    await assert.rejects(get(), { code: 'HOTPATH_CACHE_TIMEOUT' })
    clock.ms += 5
    await assert.rejects(get(), { code: 'HOTPATH_CACHE_TIMEOUT' })
    assert.equal(source.calls, 2)
    await cache.delete('k')
    source.answer('old')
    source.answer('old')
    await settled()
    const anew = get()
    source.answer('new')
    assert.equal(await anew, 'new')
  })

  test('`softTimeout` gives the old result, and the new one is kept', async () => {
    const { cache, clock } = lab({ softTimeout: 5, grace: 10_000 })
    const source = new Source<string>()
    const get = () => cache.getOrSet('k', source.read)
    const first = get()
    source.answer('old')
    await first
    clock.ms += 2000
    assert.equal(await get(), 'old')
    source.answer('new')
    await settled()
    assert.equal(await get(), 'new')
  })
})

describe('bounds', () => {
  test('entries and bytes: what was used least recently goes first', async () => {
    const { cache } = lab({ maxEntries: 3 })
    const get = (key: string) => cache.getOrSet(key, () => 'v')
    for (const key of ['a', 'b', 'c', 'a', 'd']) await get(key)
    assert.equal(cache.stats().entries, 3)
    await get('a')
    assert.equal(cache.stats().names['getOrSet']?.hits, 2)

    const small = lab({ maxBytes: 10_000 }).cache
    for (let i = 0; i < 100; i++) await small.getOrSet(`k${i}`, () => 'x'.repeat(500))
    const { bytes, entries } = small.stats()
    assert.ok(bytes <= 10_000 && entries > 2, `${bytes} bytes, ${entries} entries`)
    assert.equal((await small.getOrSet('large', () => 'x'.repeat(10_000))).length, 10_000)
    assert.equal(small.stats().names['getOrSet']?.unkept, 1)
  })

  test('0 keeps nothing, and still computes once for callers at once', async () => {
    const { cache } = lab({ maxEntries: 0 })
    let calls = 0
    const get = () => cache.getOrSet('k', async () => ++calls)
    await Promise.all([get(), get()])
    await get()
    assert.equal(calls, 2)
  })
})

describe('options that are wrong', () => {
  const cases: readonly (readonly [() => unknown, RegExp])[] = [
    [() => createCache({ ttl: 'soon' }), /"ttl" must be a duration such as .*but is 'soon'/],
    [() => createCache({ ttl: -1 }), /"ttl"/],
    [() => createCache({ early: 1 }), /"early" must be a part of ttl/],
    [() => createCache({ maxBytes: Number.POSITIVE_INFINITY }), /"maxBytes" must be a number/],
    [() => createCache({ hits: 'cloned' as 'copied' }), /"hits" must be 'copied' or/],
    [() => createCache()(() => 1), /"ttl" must be .* but is undefined/],
    [() => createCache({ ttl: 1, ['stael' as 'stale']: 1 }), /"stael" must be one of .*stale/],
    [
      () => createCache()(() => 1, { ttl: 1, tags: 'menu' as unknown as string[] }),
      /"tags" must be a list of names, or a function that gives one, but is 'menu'/,
    ],
  ]
  for (const [make, message] of cases) {
    test(String(message), () => assert.throws(make, message))
  }
})
