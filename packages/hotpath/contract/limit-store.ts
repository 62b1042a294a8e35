import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { LimitRule, LimitStore, Window } from 'hotpath/limit'

/** Two connections to the same server, as two processes have them. */
export interface OpenLimits {
  readonly store: LimitStore
  readonly other: LimitStore
  close(): Promise<void>
}

const HOUR_US = 3_600_000_000
const DAY_US = 24 * HOUR_US

/**
 * What every `LimitStore` has to do, as tests of `node:test`. A driver's own test is how to open it:
 *
 *     limitStoreContract('redis', async () => ({ store: redisLimits(a), other: redisLimits(b), close }))
 *
 * The server is one of the test's own: nothing else writes to it. Windows are of hours, so that no time that
 * passes within a test gives anything back.
 */
export function limitStoreContract(name: string, open: () => Promise<OpenLimits>): void {
  describe(`${name} as a LimitStore`, () => {
    let limits: OpenLimits
    before(async () => {
      limits = await open()
    })
    after(() => limits.close())
    let keys = 0
    const newKey = () => `key ${++keys}`

    for (const algorithm of ['gcra', 'sliding-window'] as const) {
      const rule = ruleOf(algorithm, windowOf(5, HOUR_US))
      const both = ruleOf(algorithm, windowOf(3, HOUR_US), windowOf(10, DAY_US))

      test(`${algorithm}: lets through as many as there are, over all connections`, async () => {
        const key = newKey()
        const seen: boolean[] = []
        for (let n = 0; n < 8; n++)
          seen.push((await (n % 2 === 0 ? limits.store : limits.other).take(key, rule, 1)).allowed)
        assert.deepEqual(seen, [true, true, true, true, true, false, false, false])
        assert.equal((await limits.store.take(newKey(), rule, 1)).allowed, true, 'another client')
      })

      test(`${algorithm}: of many at once exactly so many go through`, async () => {
        const key = newKey()
        const asked = Array.from({ length: 50 }, (_, n) =>
          (n % 2 === 0 ? limits.store : limits.other).take(key, rule, 1),
        )
        const taken = await Promise.all(asked)
        assert.equal(taken.filter(({ allowed }) => allowed).length, 5)
      })

      test(`${algorithm}: charges what a request costs, and a cost of 0 only asks`, async () => {
        const key = newKey()
        const allowed = async (cost: number) => (await limits.store.take(key, rule, cost)).allowed
        assert.equal(await allowed(3), true)
        assert.equal(await allowed(3), false)
        assert.equal(await allowed(0), true)
        assert.equal(await allowed(2), true)
        assert.equal(await allowed(0.5), false)
      })

      test(`${algorithm}: several windows are charged together, or not at all`, async () => {
        const key = newKey()
        const seen: boolean[] = []
        for (let n = 0; n < 6; n++) seen.push((await limits.store.take(key, both, 1)).allowed)
        assert.deepEqual(seen, [true, true, true, false, false, false])
        const { state, nowUs } = await limits.other.take(key, both, 0)
        // Three of ten are spent: what the first refused the second was not charged.
        const [, longer] = both.windows as unknown as [Window, Window]
        if (algorithm === 'gcra')
          assert.equal(
            Math.round(((state[1] as number) - nowUs) / longer.intervalUs),
            3,
            String(state),
          )
        else assert.equal((state[4] as number) + (state[5] as number), 3, String(state))
      })

      test(`${algorithm}: believes what was spent where it has less, and not where it has more`, async () => {
        const key = newKey()
        const spent = (n: number) => [algorithm === 'gcra' ? n * rule.windows[0].intervalUs : n]
        const seen: boolean[] = []
        for (const n of [3, 0, 0, 0])
          seen.push((await limits.store.take(key, rule, 1, spent(n))).allowed)
        assert.deepEqual(seen, [true, true, false, false])
        const full = newKey()
        const first = await limits.store.take(full, rule, 1, spent(5))
        assert.equal(first.allowed, false)
        assert.equal((await limits.other.take(full, rule, 1)).allowed, false, 'it is kept')
      })

      test(`${algorithm}: shuts out who is refused again and again`, async () => {
        const penalty = { after: 3, withinUs: HOUR_US, forUs: DAY_US }
        const strict = { ...rule, penalty }
        const key = newKey()
        for (let n = 0; n < 7; n++)
          assert.equal((await limits.store.take(key, strict, 1)).penaltyUs, 0)
        const third = await limits.other.take(key, strict, 1)
        assert.equal(third.allowed, false)
        assert.equal(third.penaltyUs, DAY_US)
        const later = await limits.store.take(key, strict, 1)
        assert.ok(later.penaltyUs > 0 && later.penaltyUs <= DAY_US)
      })

      test(`${algorithm}: forgets a key`, async () => {
        const key = newKey()
        for (let n = 0; n < 6; n++) await limits.store.take(key, rule, 1)
        await limits.other.forget(key, rule)
        assert.equal((await limits.store.take(key, rule, 5)).allowed, true)
      })
    }

    test('takes any text as a key, and tells all of them apart', async () => {
      const rule = ruleOf('gcra', windowOf(1, HOUR_US))
      const odd = [
        'a b',
        'a\r\nb',
        'ä {x}',
        '{x}',
        ':',
        '\0',
        'k'.repeat(300),
        `${'k'.repeat(299)}l`,
      ]
      for (const key of odd)
        assert.equal((await limits.store.take(key, rule, 1)).allowed, true, key)
      for (const key of odd)
        assert.equal((await limits.other.take(key, rule, 1)).allowed, false, key)
    })

    test('answers when it is asked whether it is there', async () => {
      await limits.store.ping?.()
    })

    test('counts the processes that say they are there', async () => {
      if (limits.store.instances === undefined || limits.other.instances === undefined) return
      await limits.store.instances('a')
      assert.equal(await limits.other.instances('b'), 2)
      assert.equal(await limits.store.instances('a'), 2)
    })
  })
}

function windowOf(count: number, periodUs: number): Window {
  const intervalUs = periodUs / count
  return {
    name: `${count}/${periodUs / HOUR_US}h`,
    count,
    periodUs,
    intervalUs,
    burst: count,
    capacityUs: periodUs,
  }
}

const ruleOf = (
  algorithm: LimitRule['algorithm'],
  ...windows: [Window, ...Window[]]
): LimitRule => ({ algorithm, windows, penalty: undefined })
