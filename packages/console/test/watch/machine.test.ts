import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { advance, type AlertState, inactive } from '../../dist/watch/machine.js'
import type { Reading } from '../../dist/watch/reading.js'
import { Outbox } from '../../dist/watch/outbox.js'
import { naiveStates, limitsOf } from './naive.js'
import { startMs, Watched } from './watched.js'

const stepMs = 10_000
const letters = { o: 'over', b: 'between', u: 'under', x: 'unknown' } as const

const reading = (letter: string): Reading => ({
  says: letters[letter as keyof typeof letters],
  value: null,
  bound: null,
  usual: null,
  requests: 0,
})

function statesOf(word: string, forMs: number): string[] {
  let state: AlertState = inactive(reading('u'), startMs)
  return Array.from(word, (letter, i) => {
    state = advance(state, reading(letter), startMs + i * stepMs, forMs).after
    return state.state
  })
}

/** Words in which things last: runs of a letter, so that alerts fire and resolve. */
const words = fc
  .array(fc.tuple(fc.constantFrom('o', 'o', 'b', 'u', 'u', 'x'), fc.integer({ min: 1, max: 20 })), {
    maxLength: 30,
  })
  .map(runs => runs.map(([letter, n]) => letter.repeat(n)).join(''))

describe('the states of an alert', () => {
  test('are those of a naive reading of its life, for any series', () => {
    const seen = new Set<string>()
    const seed = Date.now()
    fc.assert(
      fc.property(words, fc.constantFrom(20_000, 30_000, 60_000, 150_000), (word, forMs) => {
        const states = statesOf(word, forMs)
        for (const state of states) seen.add(state)
        assert.deepEqual(states, naiveStates(word, limitsOf(forMs, stepMs)))
      }),
      { numRuns: 2_000, seed },
    )
    // The words are such that every state was met.
    assert.deepEqual(
      [...seen].sort(),
      ['firing', 'inactive', 'pending', 'resolved'],
      `seed ${seed}`,
    )
  })

  test('drawn: it fires when it lasted, and ends when the opposite lasted', () => {
    const drawn = (word: string) =>
      statesOf(word, 30_000)
        .map(state => (state === 'inactive' ? '.' : state.slice(0, 1)))
        .join('')
    const cases = [
      ['uuoooouuuuuu', '..pppffffrrr'],
      // A break, and all begins anew.
      ['oouoooooo', 'pp.pppfff'],
      // Neither here nor there: it goes on, and fires only when over.
      ['obbbbbo', 'ppppppf'],
      ['oooouuobuuuu', 'pppffffffffr'],
    ]
    for (const [word = '', states] of cases) assert.equal(drawn(word), states, word)
  })
})

describe('random traffic through the real store', () => {
  test('gives the states of a naive reading of the raw requests', async t => {
    const seed = Date.now() % 1_000_000
    t.diagnostic(`seed ${seed}`)
    const random = seeded(seed)
    const steps = 50
    const bound = 200
    const series = Array.from({ length: 40 }, () => randomSeries(random, steps))
    const alerts = {
      average: { route: '*', average: '200ms', for: '40s' },
      percentile: { route: '*', p95: '200ms', for: '40s' },
      errors: { route: '*', errors: '20%', for: '40s', minRequests: 10 },
    }
    await Watched.with({ alerts }, async watched => {
      const got = new Map<string, string[]>()
      for (let step = 0; step < steps; step++) {
        const loads = series.map((one, i) => ({ route: `/r${i}`, ...(one[step] ?? { ms: [] }) }))
        await watched.step(...loads)
        const states = new Map(
          watched.watcher
            .alerts()
            .map(({ rule, route, state }) => [`${rule.name} ${route}`, state]),
        )
        for (const rule of Object.keys(alerts))
          for (const [i] of series.entries()) {
            const key = `${rule} GET /r${i}`
            got.set(key, [...(got.get(key) ?? []), states.get(key)?.state ?? 'inactive'])
          }
      }
      const limits = limitsOf(40_000, stepMs)
      for (const [i, one] of series.entries()) {
        const windows = one.map((_, step) => one.slice(Math.max(0, step - 1), step + 1))
        const all = windows.map(parts => parts.flatMap(({ ms }) => ms))
        const failed = windows.map(parts => parts.reduce((sum, { errors }) => sum + errors, 0))
        const average = all.map(ms => letter(ms.length < 10, mean(ms), bound)).join('')
        const percentile = all.map(ms => letter(ms.length < 20, p95(ms), bound)).join('')
        const errors = all
          .map((ms, step) => letter(ms.length < 10, (failed[step] ?? 0) / ms.length, 0.2))
          .join('')
        for (const [rule, word] of Object.entries({ average, percentile, errors }))
          assert.deepEqual(
            got.get(`${rule} GET /r${i}`),
            naiveStates(word, limits),
            `${rule} ${word}`,
          )
      }
      const states = [...got.values()].flat()
      for (const state of ['firing', 'pending', 'resolved'])
        assert.ok(states.includes(state), state)
    })
  })
})

const mean = (ms: readonly number[]): number => ms.reduce((a, b) => a + b, 0) / ms.length
const p95 = (ms: readonly number[]): number =>
  [...ms].sort((a, b) => a - b)[Math.ceil(ms.length * 0.95) - 1] ?? 0

function letter(few: boolean, value: number, bound: number): string {
  if (few) return 'x'
  return value > bound ? 'o' : value < bound * 0.9 ? 'u' : 'b'
}

/** Spells of good and bad steps; latencies far from the bound, since a histogram knows them within 2.2 %. */
function randomSeries(random: () => number, steps: number): { ms: number[]; errors: number }[] {
  let isBad = false
  return Array.from({ length: steps }, () => {
    if (random() < 0.12) isBad = !isBad
    const n = Math.floor(random() * 30)
    const ms = Array.from({ length: n }, () => {
      const isSlow = random() < (isBad ? 0.5 : 0.02)
      const whole = isSlow ? 300 + Math.floor(random() * 300) : 20 + Math.floor(random() * 100)
      // No average of so few lies on a bound, where the order in which they are added up decides.
      return whole + 0.137
    })
    const errors = ms.filter(() => random() < (isBad ? 0.35 : 0.1)).length
    return { ms, errors }
  })
}

/** Mulberry32, by Tommy Ettinger (public domain): numbers from 0 to 1 that a seed decides. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('the outbox', () => {
  test('keeps at most 100 messages for each notifier, the newest, and counts the rest', () => {
    const outbox = new Outbox(['a', 'b'], undefined, () => 0.5)
    for (let i = 0; i < 250; i++) outbox.add(messageNumber(i), ['a'], startMs)
    assert.equal(outbox.waiting('a').length, 100)
    assert.equal(outbox.waiting('a').at(-1)?.message.id, 'msg_249')
    assert.equal(outbox.givenUp, 150)
    assert.deepEqual(outbox.receiptsOf('msg_149')['a']?.state, 'given up')
    assert.ok(outbox.state().receipts.length <= 200)
    assert.deepEqual(outbox.waiting('b'), [])
  })

  test('takes the same message once', () => {
    const outbox = new Outbox(['a'], undefined, () => 0.5)
    outbox.add(messageNumber(1), ['a'], startMs)
    const entry = outbox.due('a', startMs) ?? assert.fail()
    outbox.settle('a', entry, { kind: 'delivered' }, startMs)
    outbox.add(messageNumber(1), ['a'], startMs)
    assert.deepEqual(outbox.waiting('a'), [])
  })

  test('waits longer after each failure, up to half an hour and a half, never in step with others', () => {
    const pauses = (random: number): number[] => {
      const outbox = new Outbox(['a'], undefined, () => random)
      outbox.add(messageNumber(1), ['a'], startMs)
      let nowMs = startMs
      return Array.from({ length: 12 }, () => {
        const entry = outbox.due('a', nowMs) ?? assert.fail()
        outbox.settle('a', entry, { kind: 'failed', error: 'no' }, nowMs)
        const pause = (outbox.waiting('a')[0]?.nextMs ?? 0) - nowMs
        nowMs += pause
        return pause / 1e3
      })
    }
    assert.deepEqual(pauses(0.5), [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 1_800, 1_800, 1_800])
    assert.deepEqual(pauses(0).slice(0, 3), [2.5, 5, 10])
  })
})

function messageNumber(i: number) {
  return {
    id: `msg_${i}`,
    kind: 'firing',
    rule: 'r',
    condition: '',
    unit: 'ms',
    severity: 'error',
    episode: 'e',
    atMs: startMs,
    firing: 1,
    alerts: [],
    more: 0,
    url: '',
  } as const
}
