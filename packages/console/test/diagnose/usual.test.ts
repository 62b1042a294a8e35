import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { unusualFrom, usualOf, type Block } from '../../dist/diagnose/usual.js'

const blocks = (n: number, count: number, errors: number): Block[] =>
  Array.from({ length: n }, () => ({ count, errors }))
const boundOf = (past: readonly Block[], requests: number): number =>
  unusualFrom(usualOf(past) ?? assert.fail('nothing is usual'), requests)

describe('what is unusual', () => {
  test('needs a past: 200 requests in three blocks of ten minutes', () => {
    assert.equal(usualOf([]), undefined)
    assert.equal(usualOf(blocks(3, 60, 0)), undefined)
    assert.equal(usualOf(blocks(2, 1_000, 0)), undefined)
    assert.equal(usualOf(blocks(3, 100, 0))?.share, 0)
  })

  test('is nearer to the usual the more is known, and never under twice of it', () => {
    const past = blocks(144, 6_000, 60)
    const bounds = [50, 500, 5_000, 50_000].map(requests => boundOf(past, requests))
    assert.deepEqual(
      bounds,
      [...bounds].sort((a, b) => b - a),
    )
    assert.equal(bounds.at(-1), 0.02)
    assert.ok((bounds[1] ?? 0) < 0.05)
  })

  test('is never a handful of failures', () => {
    assert.ok(boundOf(blocks(144, 6_000, 0), 100) * 100 > 4)
    assert.equal(boundOf(blocks(144, 6_000, 0), 4), 1)
  })

  test('is further off where failures come in bursts', () => {
    const even = blocks(144, 600, 6)
    const bursts = even.map((block, i) => ({ ...block, errors: i % 12 === 0 ? 72 : 0 }))
    assert.ok(boundOf(bursts, 600) > 3 * boundOf(even, 600))
  })

  // 100 routes for a day, each window judged alone: 57,600 windows that share no request.
  test('happens to healthy routes less than once in 57,600 windows, with even failures and with bursts', t => {
    const seed = Date.now() % 1_000_000
    t.diagnostic(`seed ${seed}`)
    const random = seeded(seed)
    for (const isBursty of [false, true]) {
      const draw = (count: number, p: number): Block => ({
        count,
        // Bursts: each ten minutes have a share of their own, from nothing to three times as much.
        errors: binomial(random, count, isBursty ? p * 3 * random() ** 2 : p),
      })
      let alarms = 0
      for (let route = 0; route < 100; route++) {
        const p = [0, 0.0005, 0.01, 0.1][route % 4] ?? 0
        const perBlock = [20, 200, 3_000][route % 3] ?? 20
        const past = Array.from({ length: 144 }, () => draw(perBlock, p))
        const usual = usualOf(past)
        if (usual === undefined) continue
        for (let window = 0; window < 576; window++) {
          const { count, errors } = draw(Math.max(20, Math.round(perBlock / 4)), p)
          if (errors / count > unusualFrom(usual, count)) alarms++
        }
      }
      t.diagnostic(`${isBursty ? 'bursts' : 'even'}: ${alarms} of 57,600`)
      assert.ok(alarms <= 1, `${alarms} alarms`)
    }
  })

  test('is seen: five times the failures of a route with ten requests a second', () => {
    const past = blocks(144, 6_000, 60)
    // Half of five minutes.
    assert.ok(boundOf(past, 1_500) < 0.05)
    assert.ok(boundOf(blocks(144, 6_000, 0), 1_500) < 0.015)
  })
})

/** By the gaps between failures, which is quick for few (Devroye 1986, X.4.3). */
function binomial(random: () => number, n: number, p: number): number {
  if (p <= 0) return 0
  const scale = Math.log(1 - Math.min(p, 0.999))
  let found = 0
  for (let at = 0; ; found++) {
    at += Math.floor(Math.log(1 - random()) / scale) + 1
    if (at > n) return found
  }
}

/** Lehmer's generator (Park and Miller 1988): numbers from 0 to 1 that a seed decides. */
function seeded(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
