import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Lately } from '../../dist/api/lately.js'

/** Makes answers that are numbered, each when it is told to. */
class Maker {
  made = 0
  readonly #open: ((fails: boolean) => void)[] = []

  readonly make = (): Promise<number> => {
    const number = ++this.made
    return new Promise((resolve, reject) => {
      this.#open.push(fails => (fails ? reject(new Error(`answer ${number}`)) : resolve(number)))
    })
  }

  finish(fails = false): void {
    this.#open.shift()?.(fails)
  }
}

describe('an answer of lately', () => {
  test('is given again for two seconds, to whoever asks the same', async () => {
    const lately = new Lately<string>()
    const get = (key: string, atMs: number): Promise<string> =>
      lately.get(key, atMs, async () => `${key} of ${atMs}`)
    assert.equal(await get('a', 10_000), 'a of 10000')
    assert.equal(await get('a', 11_999), 'a of 10000')
    assert.equal(await get('b', 11_999), 'b of 11999')
    assert.equal(await get('a', 12_000), 'a of 12000')
    assert.equal(await get('a', 9_000), 'a of 9000', 'the clock was set back')
  })

  test('is waited for while it is made, also when that takes longer', async () => {
    const lately = new Lately<number>()
    const maker = new Maker()
    const asked = [0, 1_000, 60_000].map(atMs => lately.get('a', atMs, maker.make))
    assert.equal(maker.made, 1)
    maker.finish()
    assert.deepEqual(await Promise.all(asked), [1, 1, 1])
    const later = lately.get('a', 61_000, maker.make)
    maker.finish()
    assert.equal(await later, 2)
  })

  test('is not kept when it failed', async () => {
    const lately = new Lately<number>()
    const maker = new Maker()
    const failing = [0, 1].map(atMs => lately.get('a', atMs, maker.make))
    maker.finish(true)
    for (const each of failing) await assert.rejects(each, /answer 1/)
    const next = lately.get('a', 2, maker.make)
    maker.finish()
    assert.equal(await next, 2)
    assert.equal(await lately.get('a', 3, maker.make), 2)
  })

  test('that was pushed out and failed then takes no later one with it', async () => {
    const lately = new Lately<number>()
    const maker = new Maker()
    const pushedOut = lately.get('a', 0, maker.make)
    for (let other = 1; other <= 32; other++) await lately.get(`${other}`, 0, async () => 0)
    const next = lately.get('a', 0, maker.make)
    maker.finish(true)
    await assert.rejects(pushedOut, /answer 1/)
    maker.finish()
    assert.equal(await next, 2)
    assert.equal(await lately.get('a', 1, maker.make), 2)
    assert.equal(maker.made, 2)
  })

  test('is one of 32 that are kept: the oldest goes', async () => {
    const lately = new Lately<number>()
    let made = 0
    const get = (key: number): Promise<number> => lately.get(`${key}`, 0, async () => ++made)
    for (let key = 1; key <= 33; key++) await get(key)
    assert.equal(await get(2), 2)
    assert.equal(await get(1), 34)
  })
})
