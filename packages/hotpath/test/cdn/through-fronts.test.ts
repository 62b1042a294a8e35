import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from '../serve/cached-server.js'
import { noNginx, noVarnish } from './fronts.js'
import { FrontShop } from './front-shop.js'

for (const [kind, skip] of [
  ['varnish', noVarnish()],
  ['nginx', noNginx()],
] as const)
  describe(`a shop behind ${kind}`, { skip: skip ?? false }, () => {
    let shop: FrontShop
    /** Counts the prices that were written. */
    let price = 1
    before(async () => {
      shop = await FrontShop.start(kind)
    })
    after(() => shop?.stop())

    test('an UPDATE by the API is what the next reader gets', async () => {
      await shop.earn('/menu')
      for (let round = 0; round < 5; round++) {
        const old = await shop.read('/dishes/1')
        assert.equal(old.price, price)
        assert.equal((await shop.read('/menu')).price, price)
        await shop.write(1, ++price)
        assert.equal(await shop.purged(), true)
        assert.equal((await shop.read('/dishes/1')).price, price)
        assert.equal((await shop.read('/menu')).price, price)
      }
    })

    /** Whether the front still has what it had before this happened. */
    const outlives = async (path: string, what: () => Promise<void>): Promise<boolean> => {
      await shop.read(path)
      const before = shop.asked(path)
      await what()
      assert.equal(await shop.purged(), true)
      await shop.read(path)
      return shop.asked(path) === before
    }

    test('what is kept there is answered there, also while the app is away', async () => {
      await until(() => outlives('/dishes/2', async () => {}), 'the front to keep it')
      await shop.kill()
      assert.equal((await shop.read('/dishes/2')).price, 1)
      await shop.launch()
    })

    test('what was kept before the app began is purged as it begins', async () => {
      const path = '/dishes/2'
      await until(() => outlives(path, async () => {}), 'the front to keep it')
      await shop.kill()
      const before = shop.asked(path)
      await shop.launch()
      await shop.purged()
      await shop.read(path)
      // nginx knows no keys: what another process has sent it, nobody purges.
      assert.equal(shop.asked(path) > before, kind === 'varnish')
    })

    test('a row that was not written stays where it is', () =>
      until(() => outlives('/dishes/3', () => shop.write(1, ++price)), 'a write that spares it'))

    test('a rollback purges nothing', () =>
      until(() => outlives('/dishes/4', () => shop.write(4, 99, '?rollback=yes')), 'nothing'))

    test('an UPDATE past the API is heard of, from a table that tells', async () => {
      await shop.earn('/specials')
      assert.equal((await shop.read('/specials')).price, 1)
      await shop.sql('update specials set price = 5')
      await until(async () => (await shop.read('/specials')).price === 5, 'the purge')
    })

    test('a restart of the front loses nothing but time', async () => {
      await shop.read('/dishes/1')
      await shop.write(1, ++price)
      await shop.front.restart()
      assert.equal((await shop.read('/dishes/1')).price, price)
      await shop.write(1, ++price)
      assert.equal(await shop.purged(), true)
      assert.equal((await shop.read('/dishes/1')).price, price)
    })

    test('the front cannot be reached: the app is unharmed, and the purge gets through later', async () => {
      await shop.read('/dishes/1')
      await shop.front.pause()
      await shop.write(1, ++price)
      assert.equal((await shop.direct('/dishes/1')).price, price)
      await shop.front.resume()
      assert.equal(await shop.purged(), true)
      assert.equal((await shop.read('/dishes/1')).price, price)
    })

    test('what is for one user is never kept there, nor given to him from there', async () => {
      for (const user of ['a', 'b', 'a']) {
        const headers = { cookie: `user=${user}` }
        const { user: seen } = (await (
          await fetch(`${shop.front.url}/me`, { headers })
        ).json()) as { user: string }
        assert.equal(seen, `user=${user}`)
      }
      // The same answer for nobody in particular, with the head that the front sees.
      const { headers } = await shop.direct('/me', { cookie: 'user=a' })
      assert.equal(headers.get('cdn-cache-control'), 'no-store')
      assert.equal(headers.get('surrogate-key'), null)
    })

    test('purges that wait when the process ends are sent first', async () => {
      await shop.read('/dishes/1')
      await shop.write(1, ++price)
      assert.equal(await shop.end(), 0)
      const status = (await fetch(`${shop.front.url}/dishes/1`)).status
      assert.ok(status >= 500, `it still has the row that was written: ${status}`)
      await shop.launch()
    })
  })

/** Readers and a writer at once, by chance; then silence, and all must be as it is in the database. */
describe('random reads and writes through Varnish', { skip: noVarnish() ?? false }, () => {
  let shop: FrontShop
  before(async () => {
    shop = await FrontShop.start('varnish')
    for (const path of ['/menu', '/slow/1']) await shop.earn(path)
  })
  after(() => shop?.stop())
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
  const random = randomFrom(seed)
  const upTo = (n: number): number => 1 + Math.floor(random() * n)

  test(`one after the other: after the acknowledgement of the purge no read is older (seed ${seed})`, async () => {
    const prices = new Map<number, number>()
    for (let price = 2; price < 100; price++) {
      const id = upTo(5)
      const isUndone = random() < 0.2
      await shop.write(id, price, isUndone ? '?rollback=yes' : '')
      if (!isUndone) prices.set(id, price)
      assert.equal(await shop.purged(), true)
      const asked = upTo(5)
      const seen = await shop.read(random() < 0.5 ? `/dishes/${asked}` : `/slow/${asked}`)
      assert.equal(seen.price, prices.get(asked) ?? 1, `dish ${asked} after write ${price}`)
      assert.equal((await shop.read('/menu')).price, prices.get(1) ?? 1)
    }
  })

  test(`at once: what was late is gone after the second purge (seed ${seed})`, async () => {
    const last = new Map<number, number>()
    const over = new AbortController()
    let reads = 0
    const readers = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) {
        await shop.read(random() < 0.5 ? `/dishes/${upTo(20)}` : `/slow/${upTo(20)}`)
        reads++
      }
    })
    for (let price = 1_000; price < 1_200; price++) {
      const id = upTo(20)
      await shop.write(id, price)
      last.set(id, price)
    }
    over.abort()
    await Promise.all(readers)
    assert.ok(reads > 50, `only ${reads} reads`)
    for (const [id, price] of last)
      for (const path of [`/dishes/${id}`, `/slow/${id}`])
        await until(async () => (await shop.read(path)).price === price, `${path} to be ${price}`)
    // Nothing old comes back.
    for (const [id, price] of last) assert.equal((await shop.read(`/dishes/${id}`)).price, price)
  })
})

/** Mulberry32: a seed gives the same run again. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
