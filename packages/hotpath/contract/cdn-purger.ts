import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { CdnPurger } from 'hotpath/cdn'

/** A CDN of the test's own, with nothing in it that the test has not put there. */
export interface OpenCdn {
  readonly purger: CdnPurger
  /** What is purged to drop the answer of this name: its key, or host and target. */
  itemOf(name: string): string
  /** Has it keep an answer of this name. */
  keep(name: string): Promise<void>
  /** Whether it still has it; asking puts nothing there. */
  holds(name: string): Promise<boolean>
  /** Nobody answers any more, until `back`. */
  away(): Promise<void>
  back(): Promise<void>
  close(): Promise<void>
}

/**
 * What every `CdnPurger` has to do, as tests of `node:test`. A driver's own test is how to open it:
 *
 *     cdnPurgerContract('varnish', async () => ({ purger: varnish({ url }), ... }))
 */
export function cdnPurgerContract(name: string, open: () => Promise<OpenCdn>): void {
  describe(`${name} as a CdnPurger`, () => {
    let cdn: OpenCdn
    before(async () => {
      cdn = await open()
    })
    after(() => cdn.close())
    const soon = (): AbortSignal => AbortSignal.timeout(30_000)
    const names = (prefix: string, n: number): string[] =>
      Array.from({ length: n }, (_, at) => `${prefix}${at}`)

    test('drops what it is told to, and nothing else', async () => {
      for (const one of ['a', 'b', 'c']) await cdn.keep(one)
      assert.deepEqual(await cdn.purger.purge([cdn.itemOf('a'), cdn.itemOf('c')], soon()), {
        ok: true,
      })
      assert.deepEqual(
        [await cdn.holds('a'), await cdn.holds('b'), await cdn.holds('c')],
        [false, true, false],
      )
    })

    test('takes what is not there for dropped', async () => {
      assert.deepEqual(await cdn.purger.purge([cdn.itemOf('never')], soon()), { ok: true })
    })

    test('takes as many at once as it says', async () => {
      const { perCall } = cdn.purger.limits
      for (const one of ['first', 'last']) await cdn.keep(one)
      const items = ['first', ...names('more', perCall - 2), 'last'].map(one => cdn.itemOf(one))
      assert.equal(items.length, perCall)
      assert.deepEqual(await cdn.purger.purge(items, soon()), { ok: true })
      assert.deepEqual([await cdn.holds('first'), await cdn.holds('last')], [false, false])
    })

    test('drops it again when it was kept again', async () => {
      for (let round = 0; round < 3; round++) {
        await cdn.keep('again')
        await cdn.purger.purge([cdn.itemOf('again')], soon())
        assert.equal(await cdn.holds('again'), false)
      }
    })

    test('says or throws that nobody is there, not for good, and works when it is back', async () => {
      await cdn.keep('left')
      await cdn.away()
      const result = await cdn.purger
        .purge([cdn.itemOf('left')], soon())
        .catch((error: unknown) => ({ ok: false as const, reason: String(error), final: false }))
      assert.equal(result.ok, false)
      assert.notEqual(result.ok || result.final, true)
      await cdn.back()
      assert.deepEqual(await cdn.purger.purge([cdn.itemOf('left')], soon()), { ok: true })
      assert.equal(await cdn.holds('left'), false)
    })

    test('gives up when it is told to', async () => {
      const result = await cdn.purger.purge([cdn.itemOf('a')], AbortSignal.abort()).then(
        ({ ok }) => ok,
        () => false,
      )
      assert.equal(result, false)
    })

    test('says what it reads and takes', () => {
      const { name: called, by, reads, limits, everything } = cdn.purger
      assert.match(called, /^[a-z][a-z0-9-]*$/)
      assert.equal(reads.keys !== undefined, by === 'key')
      assert.ok(by === 'path' || (reads.mostKeys > 1 && reads.mostBytes > 100))
      assert.ok(by === 'path' || everything === undefined)
      for (const limit of [limits.perCall, limits.burst]) assert.ok(limit >= 1)
      assert.ok(limits.perSecond > 0)
    })
  })
}
