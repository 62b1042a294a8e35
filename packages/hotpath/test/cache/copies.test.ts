import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lab, settled } from './lab.js'

describe('what a caller does to a result', () => {
  const values = {
    row: () => ({ id: 1, name: 'a' }),
    tree: () => ({ id: 1, list: [{ deep: { n: 1 } }], tags: ['x'] }),
    list: () => [1, 2, 3],
    date: () => ({ at: new Date(5) }),
    map: () => new Map([['k', { n: 1 }]]),
    set: () => new Set([1]),
    bytes: () => ({ buffer: Buffer.from('abc'), floats: new Float64Array([1.5]) }),
    bare: () => Object.assign(Object.create(null) as object, { n: { m: 1 } }),
    proto: () => JSON.parse('{"__proto__": {"n": 1}, "m": {"n": 2}}') as object,
  }
  for (const [name, make] of Object.entries(values)) {
    test(`does not reach the next one: ${name}`, async () => {
      const { cache } = lab()
      const get = () => cache.getOrSet<unknown>('k', make)
      for (let i = 0; i < 3; i++) {
        const value = await get()
        assert.deepEqual(value, make())
        spoil(value)
        assert.notDeepEqual(value, make())
      }
      assert.equal(cache.stats().names['getOrSet']?.fills, 1)
    })
  }

  test('nor what the source does to it afterwards', async () => {
    const { cache } = lab()
    const own = { n: 1 }
    const given = await cache.getOrSet('k', () => own)
    own.n = 2
    assert.deepEqual([given, await cache.getOrSet('k', () => own)], [{ n: 1 }, { n: 1 }])
  })

  test('`frozen` gives all of them one that cannot be changed; what cannot be frozen is copied', async () => {
    const { cache } = lab({ hits: 'frozen' })
    const get = () => cache.getOrSet('k', () => ({ list: [{ n: 1 }] }))
    const value = await get()
    assert.throws(() => value.list.push({ n: 2 }), TypeError)
    assert.equal(value, await get())
    const date = () => cache.getOrSet('d', () => new Date(5))
    ;(await date()).setTime(6)
    assert.equal((await date()).getTime(), 5)
  })

  test('`shared` gives all of them the same, of any class', async () => {
    const { cache } = lab({ hits: 'shared' })
    class Thing {
      n = 1
    }
    const get = () => cache.getOrSet('k', () => new Thing())
    assert.equal(await get(), await get())
  })

  test('what cannot be copied is not kept, and the app is told once', async () => {
    const { cache } = lab()
    class Money {
      cents = 1
    }
    const warnings: Error[] = []
    const listen = (warning: Error) => void warnings.push(warning)
    process.on('warning', listen)
    const cycle: { self?: object } = {}
    cycle.self = cycle
    const getter = {
      get bad() {
        throw new Error('no')
      },
    }
    for (const value of [new Money(), { price: new Money() }, cycle, { fn() {} }, getter]) {
      assert.equal(await cache.getOrSet('k', () => value, { name: 'money' }), value)
      assert.equal(await cache.getOrSet('k', () => value, { name: 'money' }), value)
    }
    await settled()
    process.off('warning', listen)
    assert.equal(cache.stats().names['money']?.unkept, 10)
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]?.message ?? '', /an instance of Money/)
  })
})

/** Changes all that can be changed in a value. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Date) value.setTime(99)
  else if (value instanceof Map) {
    for (const item of value.values()) spoil(item)
    value.set('more', 1)
  } else if (value instanceof Set) value.add('more')
  else if (ArrayBuffer.isView(value)) (value as Uint8Array)[0] = 77
  else if (Array.isArray(value)) {
    for (const item of value) spoil(item)
    value.push('more')
  } else {
    for (const item of Object.values(value)) spoil(item)
    Object.assign(value, { more: 1 })
  }
}
