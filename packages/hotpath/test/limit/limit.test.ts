import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { limit, type LimitOptions, type Limiter, type Decision } from 'hotpath/limit'

/** A clock that a test sets. */
function timed(options: Omit<LimitOptions, 'clock' | 'store'>): {
  limiter: Limiter<Decision>
  at(ms: number): void
} {
  let nowMs = 0
  const limiter = limit({ ...options, clock: { now: () => nowMs, origin: 0 } })
  return { limiter, at: ms => void (nowMs = ms) }
}

const allowedOf = (limiter: Limiter<Decision>, n: number, key = 'ann') =>
  Array.from({ length: n }, () => limiter.take(key).allowed)
const count = (allowed: readonly boolean[]) => allowed.filter(Boolean).length

describe('a limit', () => {
  test('lets a burst through, then one whenever the rate has made room for it', () => {
    const { limiter, at } = timed({ rate: '4/s' })
    assert.deepEqual(allowedOf(limiter, 6), [true, true, true, true, false, false])
    const refused = limiter.take('ann')
    assert.deepEqual(
      { ...refused },
      {
        allowed: false,
        limit: 4,
        remaining: 0,
        resetMs: 1000,
        retryAfterMs: 250,
        reason: 'rate',
        rate: '4/s',
        alone: false,
      },
    )
    at(249)
    assert.equal(limiter.take('ann').allowed, false)
    at(250)
    assert.deepEqual(allowedOf(limiter, 2), [true, false])
    at(10_000)
    assert.equal(count(allowedOf(limiter, 6)), 4, 'no more is saved up than a burst')
  })

  test('lets each client have its own', () => {
    const { limiter } = timed({ rate: '1/m' })
    assert.deepEqual(
      ['ann', 'bob', 'ann'].map(key => limiter.take(key).allowed),
      [true, true, false],
    )
  })

  test('with a burst of one spaces requests out', () => {
    const { limiter, at } = timed({ rate: '10/s', burst: 1 })
    assert.deepEqual(allowedOf(limiter, 2), [true, false])
    at(100)
    assert.deepEqual(allowedOf(limiter, 2), [true, false])
  })

  test('charges what a request costs; what costs more than a burst takes all of it', () => {
    const { limiter, at } = timed({ rate: '10/s' })
    assert.equal(limiter.take('ann', { cost: 7 }).remaining, 3)
    assert.equal(limiter.take('ann', { cost: 4 }).retryAfterMs, 100)
    assert.equal(limiter.take('ann', { cost: 0 }).remaining, 3)
    at(1000)
    assert.equal(limiter.take('ann', { cost: 1000 }).allowed, true)
    assert.equal(limiter.take('ann').allowed, false)
  })

  test('of several windows charges all or none', () => {
    const { limiter, at } = timed({ rate: ['5/m', '2/s'] })
    assert.deepEqual(allowedOf(limiter, 4), [true, true, false, false])
    assert.equal(limiter.take('ann').rate, '2/s')
    at(1000)
    assert.deepEqual(allowedOf(limiter, 3), [true, true, false])
    at(2000)
    // Four of five are spent, and none of the four that were refused.
    assert.deepEqual(allowedOf(limiter, 2), [true, false])
    const { rate, retryAfterMs } = limiter.take('ann')
    assert.deepEqual({ rate, retryAfterMs }, { rate: '5/m', retryAfterMs: 10_000 })
  })

  test('has rates of plans', () => {
    const { limiter } = timed({
      rate: '1/m',
      tiers: { pro: '3/m', max: { rate: '5/m', burst: 2 } },
    })
    const taken = (plan?: string) =>
      count(Array.from({ length: 6 }, () => limiter.take('ann', { plan }).allowed))
    assert.deepEqual([taken(), taken('pro'), taken('max'), taken('none such')], [1, 3, 2, 0])
  })

  test('lets some always through, and some never', () => {
    const { limiter } = timed({ rate: '1/m', allow: ['ann'], deny: key => key.startsWith('bot') })
    assert.equal(count(allowedOf(limiter, 5)), 5)
    const { allowed, reason, retryAfterMs } = limiter.take('bot 1')
    assert.deepEqual(
      { allowed, reason, retryAfterMs },
      { allowed: false, reason: 'denied', retryAfterMs: Number.POSITIVE_INFINITY },
    )
  })

  test('shuts out who is refused again and again, for a while', () => {
    const penalty = { after: 3, within: '10s', for: '1m' }
    const { limiter, at } = timed({ rate: '1/s', penalty })
    const reasons = () => [1, 2, 3, 4].map(() => limiter.take('ann').reason)
    assert.deepEqual(reasons(), [undefined, 'rate', 'rate', 'penalty'])
    assert.equal(limiter.take('ann').retryAfterMs, 60_000)
    at(59_999)
    assert.equal(limiter.take('ann').reason, 'penalty')
    at(60_000)
    assert.equal(limiter.take('ann').allowed, true)
  })

  test('gives all back to who is forgotten', async () => {
    const { limiter } = timed({ rate: '1/m' })
    assert.deepEqual(allowedOf(limiter, 2), [true, false])
    await limiter.forget('ann')
    assert.equal(limiter.take('ann').allowed, true)
  })
})

describe('a sliding window', () => {
  test('never counts more than its count in a window, and says how many are left', () => {
    const { limiter, at } = timed({ rate: '4/m', algorithm: 'sliding-window' })
    assert.deepEqual(
      [1, 2, 3, 4].map(() => limiter.take('ann').remaining),
      [3, 2, 1, 0],
    )
    const { allowed, retryAfterMs } = limiter.take('ann')
    assert.equal(allowed, false)
    // At 75 s a quarter of the window before is past: three of four are left of it.
    assert.equal(retryAfterMs, 75_000)
    at(74_999)
    assert.equal(limiter.take('ann').allowed, false)
    at(75_000)
    assert.deepEqual(allowedOf(limiter, 2), [true, false])
    at(300_000)
    assert.equal(count(allowedOf(limiter, 5)), 4)
  })

  test('tells who is refused when asking helps: not before, and then', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 40_000 }),
      cost: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), steps => {
        const { limiter, at } = timed({ rate: '5/m', algorithm: 'sliding-window' })
        let nowMs = 0
        for (const { afterMs, cost } of steps) {
          at((nowMs += afterMs))
          const { allowed, retryAfterMs } = limiter.take('ann', { cost })
          if (allowed) continue
          at(nowMs + retryAfterMs - 1)
          assert.equal(limiter.take('ann', { cost: 0 }).remaining < cost, true)
          at((nowMs = nowMs + Math.ceil(retryAfterMs) + 1))
          assert.equal(limiter.take('ann', { cost }).allowed, true)
        }
      }),
      { numRuns: 1000, seed: 7 },
    )
  })
})

describe('GCRA', () => {
  /** By definition: what was let through, given back at the rate, never exceeds the burst. */
  class Model {
    level = 0
    lastMs = 0
    constructor(
      readonly perMs: number,
      readonly burst: number,
    ) {}
    take(nowMs: number, cost: number): boolean {
      this.level = Math.max(0, this.level - (nowMs - this.lastMs) * this.perMs)
      this.lastMs = nowMs
      if (this.level + cost > this.burst + 1e-6) return false
      this.level += cost
      return true
    }
  }

  test('lets through what a leaky bucket does, over random arrivals', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 700 }),
      cost: fc.integer({ min: 1, max: 4 }),
    })
    const rate = fc.record({
      count: fc.constantFrom(1, 2, 4, 5, 8, 10),
      burst: fc.integer({ min: 4, max: 12 }),
    })
    fc.assert(
      fc.property(rate, fc.array(step, { maxLength: 60 }), ({ count: many, burst }, steps) => {
        const { limiter, at } = timed({ rate: `${many}/s`, burst })
        const model = new Model(many / 1000, burst)
        let nowMs = 0
        for (const { afterMs, cost } of steps) {
          at((nowMs += afterMs))
          const decision = limiter.take('ann', { cost })
          assert.equal(decision.allowed, model.take(nowMs, cost), JSON.stringify({ nowMs, cost }))
          assert.equal(decision.remaining, Math.floor(burst - model.level + 1e-6))
        }
      }),
      { numRuns: 1000, seed: 3 },
    )
  })

  test('never more than the rate where a window has no whole microseconds for each', () => {
    const { limiter, at } = timed({ rate: '7/s', burst: 1 })
    let allowed = 0
    for (let ms = 0; ms < 10_000; ms++) {
      at(ms)
      if (limiter.take('ann').allowed) allowed++
    }
    assert.ok(allowed <= 70 && allowed >= 68, String(allowed))
  })
})

describe('bad input and faults', () => {
  for (const [rate, why] of [
    ['0/s', 'none'],
    ['-1/s', 'less than none'],
    ['10', 'no window'],
    ['10/y', 'no such unit'],
    ['1.5/s', 'a part'],
    ['10/0s', 'an empty window'],
    ['9000000/s', 'more than anybody could answer'],
    ['10/40d', 'longer than a month'],
    [[], 'an empty list'],
    [['10/s', '5/h'], 'one window leaves the other nothing'],
    [['10/s', '100000/h'], 'one window is never reached'],
    [['10/s', '20/s'], 'twice the same window'],
    [7, 'a number'],
  ] as const)
    test(`a rate that makes no sense is refused: ${why}`, () => {
      assert.throws(() => limit({ rate: rate as string }), {
        code: 'HOTPATH_CONFIG_VALUE',
        message: /limit: "policy.rate" must be a rate such as '10\/s'/,
      })
    })

  test('a misspelt option, bursts that fit no rate, and a store without a name are refused', () => {
    assert.throws(() => limit({ rate: '1/s', brust: 2 } as never), /Did you mean "policy.burst"/)
    assert.throws(() => limit({ rate: ['1/s', '5/m'], burst: [1] }), {
      code: 'HOTPATH_CONFIG_VALUE',
    })
    assert.throws(() => limit({ rate: '1/s', store: { take() {} } } as never), {
      code: 'HOTPATH_LIMIT_NAMESPACE',
    })
  })

  test('an empty key is refused, one of a megabyte is kept as its hash', () => {
    const { limiter } = timed({ rate: '1/m' })
    for (const key of ['', undefined, null, 7])
      assert.throws(() => limiter.take(key as string), { code: 'HOTPATH_LIMIT_KEY' })
    const [long, other] = ['x'.repeat(1 << 20), `${'x'.repeat((1 << 20) - 1)}y`]
    assert.deepEqual(
      [long, long, other].map(key => limiter.take(key).allowed),
      [true, false, true],
    )
  })

  test('hostile keys are keys as others', () => {
    const { limiter } = timed({ rate: '1/m' })
    for (const key of ['__proto__', 'constructor', 'hasOwnProperty', '\0', '\ud800'])
      assert.deepEqual(allowedOf(limiter, 2, key), [true, false], key)
  })

  test('a cost that is none is refused', () => {
    const { limiter } = timed({ rate: '1/m' })
    for (const cost of [-1, Number.NaN, Number.POSITIVE_INFINITY, '2' as never])
      assert.throws(() => limiter.take('ann', { cost }), { code: 'HOTPATH_LIMIT_COST' })
  })

  test('of a million clients the memory holds a bounded number, and forgets the oldest', () => {
    const { limiter } = timed({ rate: '1/h', maxKeys: 1000 })
    limiter.take('first')
    for (let n = 0; n < 1_000_000; n++) {
      limiter.take(`client ${n}`)
      if (n % 300 === 0) assert.equal(limiter.take('often').allowed, n === 0, 'who comes is kept')
    }
    assert.ok(limiter.forgotten >= 998_000)
    assert.equal(limiter.take('client 999999').allowed, false)
    assert.equal(limiter.take('first').allowed, true, 'the oldest are forgotten')
  })

  test('a clock that is set back shuts nobody out for longer than a burst', () => {
    const { limiter, at } = timed({ rate: '10/m', penalty: { after: 100, for: '1h' } })
    at(10_000_000)
    assert.equal(count(allowedOf(limiter, 11)), 10)
    at(0)
    const { allowed, retryAfterMs } = limiter.take('ann')
    assert.deepEqual({ allowed, retryAfterMs }, { allowed: false, retryAfterMs: 6000 })
    at(60_000)
    assert.equal(count(allowedOf(limiter, 11)), 10)
  })

  test('a clock that leaps ahead gives one burst, not more', () => {
    for (const algorithm of ['gcra', 'sliding-window'] as const) {
      const { limiter, at } = timed({ rate: '10/m', algorithm })
      allowedOf(limiter, 10)
      at(1e12)
      assert.equal(count(allowedOf(limiter, 30)), 10)
    }
  })
})
